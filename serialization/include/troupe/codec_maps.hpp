#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <troupe/codec_base.hpp>
#include <troupe/codec_lists.hpp>

namespace troupe {

namespace detail {

template <class Set>
struct set_codec : list_codec<Set, typename Set::key_type> {
  static std::string signature() {
    return "set<" + codec<typename Set::key_type>::signature() + ">";
  }
};

template <class Map>
struct map_codec {
  using key = typename Map::key_type;
  using mapped = typename Map::mapped_type;
  static constexpr std::size_t size_min = 1;

  static void write(writer& w, const Map& map) {
    const writer::level inside(w);
    w.put_size(map.size());
    for (const auto& [k, v] : map) {
      codec<key>::write(w, k);
      codec<mapped>::write(w, v);
    }
  }

  static Map read(reader& r) {
    const reader::level inside(r);
    Map map;
    for (auto left = r.get_size(detail::size_min<key>() + detail::size_min<mapped>(), "a map");
         left > 0; --left) {
      auto k = codec<key>::read(r);
      map.emplace_hint(map.end(), std::move(k), codec<mapped>::read(r));
    }
    return map;
  }

  static std::string signature() {
    return "map<" + codec<key>::signature() + "," + codec<mapped>::signature() + ">";
  }
};

}  // namespace detail

template <class... T>
struct codec<std::set<T...>> : detail::set_codec<std::set<T...>> {};

template <class... T>
struct codec<std::multiset<T...>> : detail::set_codec<std::multiset<T...>> {};

template <class... T>
struct codec<std::unordered_set<T...>> : detail::set_codec<std::unordered_set<T...>> {};

template <class... T>
struct codec<std::map<T...>> : detail::map_codec<std::map<T...>> {};

template <class... T>
struct codec<std::multimap<T...>> : detail::map_codec<std::multimap<T...>> {};

template <class... T>
struct codec<std::unordered_map<T...>> : detail::map_codec<std::unordered_map<T...>> {};

}  // namespace troupe
