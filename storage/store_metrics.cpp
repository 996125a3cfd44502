// SPDX-License-Identifier: MIT
#include "storage/store_metrics.hpp"

namespace weft::storage {

void store_metrics::collect(metrics::visitor& v) const {
  v.count("weft_store_commits_total", "Transactions committed.", {}, commits);
  v.count("weft_store_checkpoints_total", "Times the log was emptied into the database.", {},
          checkpoints);
  v.count("weft_store_operations_total", "Operations committed.", {}, operations);
  v.count("weft_store_duplicates_total", "Inbound messages that were known.", {}, duplicates);
  v.count("weft_store_refused_total", "Operations refused by a limit of a box.", {}, refused);
  v.count("weft_store_queue_full_total", "Operations refused because the writer is behind.", {},
          queue_full);
  v.count("weft_store_disk_full_total", "Operations refused because the disk is full.", {},
          disk_full);
  v.count("weft_store_errors_total", "Operations that failed for another reason.", {}, errors);
  v.count("weft_store_seen_pruned_total", "Message ids forgotten by age or number.", {},
          seen_pruned);
  v.read("weft_store_outbox_rows", "Messages in the outbox.", {}, outbox_rows);
  v.read("weft_store_outbox_bytes", "Bytes of bodies and payloads in the outbox.", {},
         outbox_bytes);
  v.read("weft_store_inbox_rows", "Messages in the inbox that were not shown.", {}, inbox_rows);
  v.read("weft_store_inbox_bytes", "Bytes of bodies and payloads in the inbox.", {}, inbox_bytes);
  v.read("weft_store_commit_seconds", "Time of one transaction, sync included.", {},
         commit_seconds);
  v.read("weft_store_commit_operations", "Operations in one transaction.", {}, batch_operations);
}

}  // namespace weft::storage
