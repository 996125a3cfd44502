// SPDX-License-Identifier: MIT
#include "actors/runtime.hpp"

#include "actors/jobs.hpp"
#include "actors/protocols.hpp"
#include "actors/runtime_impl.hpp"
#include "transport/io/clock.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

namespace weft::actors {

runtime::runtime(std::unique_ptr<impl> state) : impl_(std::move(state)) {}
runtime::~runtime() = default;

result<std::unique_ptr<runtime>> runtime::start(runtime_options options) {
  auto state = std::make_unique<impl>(std::move(options));
  WEFT_TRY_VOID(state->start());
  return std::unique_ptr<runtime>(new runtime(std::move(state)));
}

// -- sessions ---

void runtime::peers(callback<peer_list> done) {
  impl_->ask_session(peers_question{reply<peer_list>(std::move(done))});
}

void runtime::connect(target to, callback<connection> done) {
  impl_->ask_session(connect_question{std::move(to), {}, reply<connection>(std::move(done))});
}

void runtime::disconnect(peer_id peer, callback<void> done) {
  impl_->ask_session(disconnect_question{peer, reply<void>(std::move(done))});
}

void runtime::ping(ping_request request, std::function<void(const ping_round&)> on_round,
                   callback<ping_report> done) {
  auto slot = impl_->slots.take();
  if (!slot) return done(fail(ec::limit, "too many pings and benches at once"));
  const reply<ping_report> answer(std::move(done));
  auto job = make_ping_job(std::move(request), std::move(on_round),
                           [answer](result<ping_report> r) { answer(std::move(r)); });
  if (auto started = impl_->run_job(std::move(job), std::move(slot)); !started)
    answer(fail(std::move(started.error())));
}

void runtime::perf(peer_id peer, std::uint64_t upload_bytes, std::uint64_t download_bytes,
                   callback<perf_report> done) {
  impl_->ask_session(
      perf_question{peer, upload_bytes, download_bytes, reply<perf_report>(std::move(done))});
}

// -- messages ---

namespace {

/// The content of a file that must fit into memory.
result<byte_buffer> read_whole(const std::string& path, std::uint64_t bytes_max) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return fail(ec::not_found, "cannot open '" + path + "'");
  const auto size = static_cast<std::uint64_t>(in.tellg());
  if (size > bytes_max)
    return fail(ec::oversized, "'" + path + "' has " + std::to_string(size)
                                   + " bytes; a volatile message may have "
                                   + std::to_string(bytes_max));
  byte_buffer out(size);
  in.seekg(0);
  in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(size));
  if (!in) return fail(ec::io, "cannot read '" + path + "'");
  return out;
}

chunk_view user_body(bytes_view body) {
  auto block = chunk::allocate(body.size() + 1);
  block.mutable_data()[0] = static_cast<std::uint8_t>(body_kind::user);
  std::copy(body.begin(), body.end(), block.mutable_data() + 1);
  return {std::move(block), 0, body.size() + 1};
}

/// The payload of a request: a body in memory, or a file that the store keeps.
result<void> add_payload(const send_request& request, const messaging::messaging_config& config,
                         storage::message_store& store, outgoing& out) {
  if (request.durable && !request.file.empty()) {
    WEFT_TRY(out.file, store.import_file(request.file));
  } else if (!request.file.empty()) {
    WEFT_TRY(const auto content, read_whole(request.file, config.volatile_payload_bytes_max - 1));
    out.body = user_body(content);
  } else if (request.durable && request.body.size() >= config.fragment_bytes) {
    WEFT_TRY(out.file, store.import_bytes(request.body));
  } else {
    out.body = user_body(request.body);
  }
  return {};
}

}  // namespace

void runtime::send(send_request request, std::function<void(const transfer_progress&)> on_progress,
                   callback<receipt> done) {
  if (impl_->draining) return done(fail(ec::stopping, "the node is stopping"));
  send_question q;
  q.message.to = request.to;
  q.message.options = {.klass = request.durable ? messaging::message_class::durable
                                                : messaging::message_class::volatile_,
                       .hop_limit = request.hop_limit};
  q.timeout = request.timeout;
  const auto added = add_payload(request, impl_->options.messaging, *impl_->store, q.message);
  if (!added) return done(fail(added.error()));
  const auto taken = std::make_shared<std::atomic<bool>>(false);
  q.on_taken = [taken] { *taken = true; };
  q.on_progress = std::move(on_progress);
  q.answer = reply<receipt>([store = impl_->store.get(), file = q.message.file, taken,
                             done = std::move(done)](result<receipt> r) {
    // Refused at the door: nobody else will remove the imported file.
    if (!r && file && !*taken) store->discard(*file);
    done(std::move(r));
  });
  impl_->ask_messaging(std::move(q));
}

namespace {

/// Rows of the store read in one go.
constexpr std::size_t inbox_page = 512;

bool is_user_row(const messaging::stored_inbound& row) {
  return !row.file_path.empty()
         || (!row.body.empty()
             && row.body.bytes()[0] == static_cast<std::uint8_t>(body_kind::user));
}

inbox_message shown_form(const messaging::stored_inbound& row) {
  const bool is_file = !row.file_path.empty();
  inbox_message m;
  m.id = row.id.to_string();
  m.from = row.sender;
  m.body = is_file ? byte_buffer{} : to_buffer(row.body.bytes().subspan(1));
  m.file = row.file_path;
  m.bytes = is_file ? row.size : m.body.size();
  m.durable = true;
  m.hops = row.hops;
  m.sent_at = row.created;
  m.received_at = row.received;
  return m;
}

}  // namespace

void runtime::inbox(inbox_query query, callback<std::vector<inbox_message>> done) {
  std::vector<inbox_message> out;
  std::uint64_t after = 0;
  while (out.size() < query.limit) {
    auto page = impl_->store->inbox(after, inbox_page);
    if (!page) return done(fail(std::move(page.error())));
    if (page->empty()) break;
    after = page->back().row;
    for (const auto& row : *page)
      if (out.size() < query.limit && is_user_row(row)) out.push_back(shown_form(row));
  }
  for (auto& m : impl_->team.inbox.volatile_messages(query.limit - out.size()))
    out.push_back(std::move(m));
  done(std::move(out));
}

void runtime::mark_shown(std::vector<message_ref> messages, callback<std::size_t> done) {
  std::size_t removed = 0;
  std::erase_if(messages, [&](const message_ref& m) {
    const bool was_there = impl_->team.inbox.remove_volatile(m);
    removed += was_there ? 1 : 0;
    return was_there;
  });
  std::vector<std::uint64_t> rows;
  std::uint64_t after = 0;
  while (rows.size() < messages.size()) {
    auto page = impl_->store->inbox(after, inbox_page);
    if (!page) return done(fail(std::move(page.error())));
    if (page->empty()) break;
    after = page->back().row;
    for (const auto& row : *page) {
      const auto named = [&, id = row.id.to_string()](const message_ref& m) {
        return m.id == id && m.from == row.sender;
      };
      if (std::any_of(messages.begin(), messages.end(), named)) rows.push_back(row.row);
    }
  }
  if (rows.empty()) return done(removed);
  impl_->ask_messaging(shown_question{
      std::move(rows), reply<std::size_t>([removed, done = std::move(done)](result<std::size_t> r) {
        if (r) *r += removed;
        done(std::move(r));
      })});
}

subscription runtime::follow(std::function<void(const inbox_message&)> on_message) {
  return impl_->team.inbox.follow(std::move(on_message)).value_or(0);
}

void runtime::unfollow(subscription which) { impl_->team.inbox.unfollow(which); }

// -- routes and status ---

void runtime::routes(std::optional<peer_id> destination, callback<std::vector<route_view>> done,
                     std::size_t most) {
  routes_question q{destination, most, reply<std::vector<route_view>>(std::move(done))};
  if (const auto to = impl_->team.links.routing.handle()) tell(*to, std::move(q));
}

node_status runtime::known_status() const {
  node_status s;
  s.self = impl_->team.self;
  s.agent = impl_->options.agent;
  s.uptime = transport::io::now() - impl_->started_at;
  s.ready = ready();
  s.draining = impl_->draining;
  s.checks = impl_->checks();
  if (const auto routes = impl_->team.board.latest()) s.destinations = routes->size();
  const auto& box = impl_->store->metrics();
  const auto count = [](const metrics::gauge& g) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(g.value(), 0));
  };
  s.outbox_messages = count(box.outbox_rows);
  s.outbox_bytes = count(box.outbox_bytes);
  s.inbox_messages = count(box.inbox_rows);
  s.inbox_bytes = count(box.inbox_bytes);
  for (const auto* a : impl_->team.actor_counters.all())
    s.actors.push_back(
        {a->name, a->alive.value() != 0, a->handled(), a->restarts.value(), a->mailbox_depth()});
  return s;
}

void runtime::status(callback<node_status> done) {
  impl_->ask_session(session_status_question{reply<session_status>(
      [s = known_status(), done = std::move(done)](result<session_status> r) mutable {
        // A node that stops still says how it is.
        if (r) {
          s.listening = std::move(r->listening);
          s.sessions = r->sessions;
        }
        done(std::move(s));
      })});
}

bool runtime::ready() const noexcept {
  const auto checks = impl_->checks();
  return std::all_of(checks.begin(), checks.end(), [](const auto& c) { return c.ok; });
}

std::vector<readiness_check> runtime::checks() const { return impl_->checks(); }
bool runtime::actors_run() const { return impl_->actors_run(); }
std::string runtime::actors_by_name() const { return impl_->actors_by_name(); }
std::vector<std::string> runtime::silent() const { return impl_->silent(); }

const peer_id& runtime::self() const noexcept { return impl_->team.self; }

// -- benches and life ---

void runtime::run_bench(bench_request request, callback<bench_result> done) {
  impl_->run_bench(std::move(request), std::move(done));
}

void runtime::reload(reload_request request, callback<void> done) {
  impl_->ask_session(session_change{std::move(request.bootstrap), request.limits,
                                    std::move(request.access), reply<void>(std::move(done))});
}

std::vector<std::string> runtime::drain(duration deadline) { return impl_->drain(deadline); }

void runtime::stop() { impl_->drain(duration::zero()); }

void runtime::collect(metrics::visitor& v) const {
  impl_->transport_counters.collect(v);
  impl_->mdns_counters.collect(v);
  impl_->team.collect(v);
  impl_->store->metrics().collect(v);
  impl_->records->metrics().collect(v);
}

}  // namespace weft::actors
