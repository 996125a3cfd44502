// SPDX-License-Identifier: MIT
#include "storage/store_config.hpp"

namespace weft::storage {

result<void> store_config::validate() const {
  const auto bad = [](const char* what) { return fail(ec::bad_config, what); };
  if (directory.empty()) return bad("directory must not be empty");
  if (outbox_rows_max == 0 || inbox_rows_max == 0)
    return bad("outbox_rows_max and inbox_rows_max must not be 0");
  if (outbox_bytes_max < (1u << 16) || inbox_bytes_max < (1u << 16))
    return bad("outbox_bytes_max and inbox_bytes_max must be at least 65536");
  if (seen_rows_max == 0 || seen_retention <= duration::zero())
    return bad("seen_rows_max and seen_retention must be positive");
  if (queue_operations_max == 0 || queue_bytes_max < (1u << 16))
    return bad("queue_operations_max must not be 0, queue_bytes_max at least 65536");
  if (commit_operations_max == 0) return bad("commit_operations_max must not be 0");
  if (payload_bytes_max == 0) return bad("payload_bytes_max must not be 0");
  return {};
}

}  // namespace weft::storage
