// SPDX-License-Identifier: MIT
#include "base/encoding.hpp"
#include "storage/store_writer.hpp"

#include <algorithm>
#include <fcntl.h>

namespace weft::storage {

using namespace messaging;

std::string piece_name(const peer_id& sender, const message_id& id) {
  // The hash keeps the name free of anything a sender could choose.
  const auto digest = crypto::sha256(sender.bytes());
  return to_hex(bytes_view{digest}.first(8)) + "-" + id.to_string();
}

result<store_writer::piece_state*> store_writer::need_piece(const write_fragment& a,
                                                            bool& refused) {
  const key name{a.sender, a.id};
  if (const auto at = pieces_.find(name); at != pieces_.end()) return &at->second;
  piece_state piece;
  piece.shape = a.shape;
  piece.path = paths_.incoming / piece_name(a.sender, a.id);
  find_piece_.bind(1, name.first.bytes()).bind(2, bytes_view{name.second.bytes});
  WEFT_TRY(const bool found, find_piece_.step());
  if (found) {
    piece.shape.size = static_cast<std::uint64_t>(find_piece_.number(0));
    piece.shape.fragment_bytes = static_cast<std::uint32_t>(find_piece_.number(1));
    const auto digest = find_piece_.bytes(2);
    std::copy_n(digest.begin(), std::min(digest.size(), piece.shape.digest.size()),
                piece.shape.digest.begin());
    piece.received = to_buffer(find_piece_.bytes(3));
  }
  find_piece_.reset();
  auto file = open_file(piece.path, O_RDWR | O_CREAT);
  if (!file) {
    refused = true;
    return fail(std::move(file.error()));
  }
  piece.file = std::move(*file);
  if (!found) {
    piece.received.resize((a.shape.fragments() + 7) / 8);
    WEFT_TRY_VOID(insert_piece_.bind(1, name.first.bytes())
                      .bind(2, bytes_view{name.second.bytes})
                      .bind(3, static_cast<std::int64_t>(a.shape.size))
                      .bind(4, std::int64_t{a.shape.fragment_bytes})
                      .bind(5, bytes_view{a.shape.digest})
                      .bind(6, bytes_view{piece.received})
                      .run());
    // The row names the file: its directory entry must be as durable.
    if (config_.sync) WEFT_TRY_VOID(sync_folder(paths_.incoming));
  }
  return &pieces_.emplace(name, std::move(piece)).first->second;
}

result<void> store_writer::execute(write_fragment& a, store_operation& op) {
  WEFT_TRY(op.duplicate, is_seen(a.sender, a.id));
  if (op.duplicate) return {};
  if (inbox_full(a.shape.size)) {
    op.outcome = ec::limit;
    return {};
  }
  bool refused = false;
  auto piece = need_piece(a, refused);
  if (!piece) {
    if (!refused) return fail(std::move(piece.error()));
    op.outcome = piece.error().code;
    return {};
  }
  piece_state& p = **piece;
  if (p.shape != a.shape || a.index >= a.shape.fragments()
      || a.data.size() != a.shape.bytes_of(a.index)) {
    op.outcome = ec::malformed;
    return {};
  }
  const auto bit = static_cast<std::uint8_t>(1u << (a.index % 8));
  // What is on disk and may be under examination does not change any more.
  if ((p.received[a.index / 8] & bit) != 0) return {};
  const auto written
      = write_at(p.file, std::uint64_t{a.index} * a.shape.fragment_bytes, a.data, p.path);
  if (!written) {
    op.outcome = written.error().code;
    return {};
  }
  p.received[a.index / 8] = static_cast<std::uint8_t>(p.received[a.index / 8] | bit);
  p.dirty = true;
  return {};
}

result<void> store_writer::delete_piece(const peer_id& sender, const message_id& id) {
  pieces_.erase({sender, id});
  return delete_piece_.bind(1, sender.bytes()).bind(2, bytes_view{id.bytes}).run();
}

namespace {

/// Where a payload is: a crash between the rename and the commit left it at its new place.
struct payload_place {
  payload_place(const store_paths& paths, const complete_payload& a)
      : name(piece_name(a.sender, a.id)), from(paths.incoming / name), to(paths.received / name) {
    std::error_code ignored;
    moved = !std::filesystem::exists(from, ignored) && std::filesystem::exists(to, ignored);
  }
  const std::filesystem::path& now() const noexcept { return moved ? to : from; }

  std::string name;
  std::filesystem::path from;
  std::filesystem::path to;
  bool moved = false;
};

}  // namespace

ec check_payload(const store_paths& paths, const complete_payload& payload, bool sync) {
  const payload_place place{paths, payload};
  const auto file = open_file(place.now(), O_RDWR);
  if (!file) return file.error().code == ec::not_found ? ec::corrupt : file.error().code;
  const auto digest = digest_file(*file, payload.shape.size, place.now());
  if (!digest) return digest.error().code == ec::truncated ? ec::corrupt : digest.error().code;
  if (*digest != payload.shape.digest) return ec::corrupt;
  if (sync)
    if (const auto synced = sync_file(*file, place.now()); !synced) return synced.error().code;
  return ec::none;
}

void store_writer::note_check(const complete_payload& payload, ec verdict) {
  checks_.insert_or_assign({payload.sender, payload.id}, verdict);
}

void store_writer::take_out_unchecked(const std::vector<store_batch*>& group) {
  if (deferred_.empty()) return;
  for (store_batch* batch : group) {
    auto& operations = batch->operations;
    std::size_t kept = 0;
    for (store_operation& op : operations) {
      if (std::find(deferred_.begin(), deferred_.end(), &op) != deferred_.end())
        unchecked_.push_back(std::move(op));
      else if (&operations[kept++] != &op)
        operations[kept - 1] = std::move(op);
    }
    operations.resize(kept);
  }
  deferred_.clear();
}

result<std::filesystem::path> store_writer::settle_file(const complete_payload& a, ec verdict,
                                                        ec& refusal) {
  const payload_place place{paths_, a};
  const auto give_up = [&](error e) {
    refusal = e.code;
    return fail(std::move(e));
  };
  if (verdict == ec::corrupt) doomed_.push_back(place.now());
  if (verdict != ec::none) return give_up({verdict, place.now().string()});
  if (!place.moved && std::rename(place.from.c_str(), place.to.c_str()) != 0)
    return give_up(file_error(errno, place.to, "cannot move the payload to"));
  if (config_.sync)
    if (auto synced = sync_folder(paths_.received); !synced)
      return give_up(std::move(synced.error()));
  return place.to;
}

result<void> store_writer::execute(complete_payload& a, store_operation& op) {
  WEFT_TRY(op.duplicate, is_seen(a.sender, a.id));
  if (op.duplicate) return delete_piece(a.sender, a.id);
  if (inbox_full(a.shape.size)) {
    op.outcome = ec::limit;
    return {};
  }
  const auto check = checks_.find({a.sender, a.id});
  if (check == checks_.end()) {
    deferred_.push_back(&op);
    return {};
  }
  const ec verdict = check->second;
  checks_.erase(check);
  auto file = settle_file(a, verdict, op.outcome);
  if (!file) {
    if (op.outcome == ec::corrupt) return delete_piece(a.sender, a.id);
    return {};
  }
  WEFT_TRY_VOID(delete_piece(a.sender, a.id));
  WEFT_TRY(const bool fresh, insert_seen(a.sender, a.id, a.received));
  op.duplicate = !fresh;
  if (!fresh) return {};
  const std::string name = file->filename().string();
  WEFT_TRY_VOID(insert_inbox_.bind(1, a.sender.bytes())
                    .bind(2, bytes_view{a.id.bytes})
                    .bind(3, a.created.time_since_epoch().count())
                    .bind(4, a.received.time_since_epoch().count())
                    .bind(5, std::int64_t{a.hops})
                    .bind(6, bytes_view{})
                    .bind(7, std::string_view{name})
                    .bind(8, static_cast<std::int64_t>(a.shape.size))
                    .run());
  op.row = static_cast<std::uint64_t>(db_.last_row());
  op.file_path = std::filesystem::absolute(*file).string();
  totals_.inbox_rows += 1;
  totals_.inbox_bytes += a.shape.size;
  return {};
}

result<void> store_writer::execute(drop_payload& a, store_operation&) {
  doomed_.push_back(paths_.incoming / piece_name(a.sender, a.id));
  return delete_piece(a.sender, a.id);
}

}  // namespace weft::storage
