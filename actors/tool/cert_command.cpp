#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "actors/tool/commands.hpp"
#include "actors/tool/exit_codes.hpp"
#include "actors/transport/certificates.hpp"

namespace troupe::tool {

namespace {

struct cert_arguments {
  std::string folder;
  std::vector<std::string> hosts;
};

int create(const cert_arguments& arguments) {
  transport::create_certificates(arguments.folder, arguments.hosts).value();
  const auto& folder = arguments.folder;
  std::cout << "certificates are in " << folder << "; all processes of the cluster need\n\n"
            << "  [security]\n"
            << "  ca = \"" << folder << "/ca.pem\"\n"
            << "  certificate = \"" << folder << "/troupe.pem\"\n"
            << "  key = \"" << folder << "/troupe.key\"\n\n"
            << "and none needs ca.key: keep it where only you can read it\n"
            << std::flush;
  return exit_good;
}

}  // namespace

void add_cert_command(CLI::App& app, invocation& chosen) {
  auto* command = app.add_subcommand("cert", "Certificates for connections beyond this machine");
  command->require_subcommand(1);
  auto* made = command->add_subcommand(
      "create", "Make an authority of your own and a certificate for all processes of a cluster");
  auto arguments = std::make_shared<cert_arguments>();
  made->add_option("folder", arguments->folder, "Where to put them")->required();
  made->add_option("--host", arguments->hosts,
                   "Name or number of a machine of the cluster, or *.domain; may be repeated")
      ->allow_extra_args(false);
  made->callback([&chosen, arguments] { chosen.run = [arguments] { return create(*arguments); }; });
}

}  // namespace troupe::tool
