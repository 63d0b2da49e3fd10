#include <troupe/plugin.hpp>
