// Any text at all as configuration: an error or a configuration whose text is read again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/load.hpp"
#include "serialization/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = troupe::parse_config(text, "fuzz.toml");
  if (!loaded) {
    troupe::check(loaded.error().message.starts_with("fuzz.toml:"), "an error tells the place");
    return 0;
  }
  troupe::check(troupe::validate(loaded->values).has_value(), "what was loaded is in range");
  const auto shown = troupe::show(*loaded);
  // Only a secret is not shown as it is, and what stands for it is refused.
  const bool same = loaded->values.security.token.empty();
  troupe::check(troupe::parse_config(shown, "shown").has_value() == same,
                "what is shown can be loaded");
  return 0;
}
