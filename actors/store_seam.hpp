// SPDX-License-Identifier: MIT
#pragma once

#include "messaging/store_operations.hpp"

namespace weft::actors {

/// Where the messaging actor puts what must survive: `message_store` in the product, memory in
/// tests.
class store_seam {
 public:
  virtual ~store_seam() = default;
  /// Queues a batch, which comes back as a stored_batch message. False: the batch stays with the
  /// caller with every outcome set.
  virtual bool submit(messaging::store_batch& batch) = 0;
};

}  // namespace weft::actors
