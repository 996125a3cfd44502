// SPDX-License-Identifier: MIT
// What the next version of Weft has instead of node/version.cpp and beside its metrics: another
// number, and a metric with a label that takes a new value at each scrape. The linker sends
// `exporter::add` here (--wrap).
#include "metrics/export/exporter.hpp"
#include "node/build_info.hpp"

#include <atomic>
#include <string>

namespace weft::node {

std::string_view version() { return "0.2.0"; }

}  // namespace weft::node

namespace {

class growing_source final : public weft::metrics::source {
 public:
  void collect(weft::metrics::visitor& v) const override {
    constexpr int each_time = 500;
    const int until = each_time * ++scrapes_;
    for (int i = 0; i < until; ++i)
      v.on_counter("weft_requests_total", "Requests by their number.",
                   {{"number", std::to_string(i)}}, 1);
  }

 private:
  mutable std::atomic<int> scrapes_{0};
};

}  // namespace

extern "C" {
void __real__ZN4weft7metrics8exporter3addERKNS0_6sourceE(weft::metrics::exporter* self,
                                                         const weft::metrics::source& what);
void __wrap__ZN4weft7metrics8exporter3addERKNS0_6sourceE(weft::metrics::exporter* self,
                                                         const weft::metrics::source& what) {
  static const growing_source mistake;
  static std::atomic<bool> added{false};
  if (!added.exchange(true)) __real__ZN4weft7metrics8exporter3addERKNS0_6sourceE(self, mistake);
  __real__ZN4weft7metrics8exporter3addERKNS0_6sourceE(self, what);
}
}
