// As an older troupe's <troupe/plugin.hpp> would have made it.
extern "C" [[gnu::visibility("default")]] unsigned troupe_plugin_abi() {
  return 0;
}
