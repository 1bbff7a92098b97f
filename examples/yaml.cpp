// YAML 1.1 as PyYAML reads it: settings with defaults that are merged.
#include "ferry/formats/yaml.hpp"

#include <cstdio>
#include <map>
#include <string>
#include <vector>

using namespace ferry;

struct service {
    int port = 0;
    bool debug = false;
    std::vector<std::string> hosts;
};
BOOST_DESCRIBE_STRUCT(service, (), (port, debug, hosts))

int main()
{
    const auto all = yaml::load<std::map<std::string, service>>(R"(
base: &base
  port: 0x1F90
  debug: no
  hosts: [a.local, b.local]
test:
  <<: *base
  debug: on
)");
    std::fputs(yaml::dump(all).c_str(), stdout);
    try {
        yaml::load("port: 80\nhosts: [a.local\n");
        return 1;
    } catch (const parse_error& e) {
        std::printf("%s\n", e.what());
    }
    return all.at("test").debug && all.at("test").port == 8080 ? 0 : 1;
}
