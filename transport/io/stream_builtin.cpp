// SPDX-License-Identifier: MIT
#include "transport/io/stream_builtin.hpp"

#include "base/crypto.hpp"
#include "transport/io/clock.hpp"

#include <algorithm>
#include <utility>

namespace weft::transport::io {

// -- identify ---

void identify_teller::tell(quic_stream& stream) {
  const ip_endpoint remote = session_.conn->path().remote.endpoint();
  const identify info = session_.context().host->describe(multiaddr::quic_v1(remote));
  stream.write(bytes_view(info.encode_framed()));
  stream.finish();
  ++session_.context()
        .metrics.identify[push_ ? identify_outcome::push_sent : identify_outcome::answered];
}

void identify_teller::on_data(quic_stream& stream, bytes_view data, bool) {
  stream.consume(data.size());
}

void identify_teller::on_close(quic_stream&, ec) {}

void identify_hearer::on_data(quic_stream& stream, bytes_view data, bool fin) {
  stream.consume(data.size());
  if (done_) return;
  if (const ec bad = reader_.on_bytes(data); bad != ec::none) return failed(stream, bad);
  if (!fin) return;
  auto info = reader_.on_end(session_.peer());
  if (!info) return failed(stream, info.error().code);
  done_ = true;
  stream.finish();
  session_.identified(std::move(*info), push_);
}

void identify_hearer::failed(quic_stream& stream, ec why) {
  done_ = true;
  ++session_.context().metrics.identify[identify_failure_of(why)];
  stream.reset(stream_error::protocol_violation);
}

void identify_hearer::on_close(quic_stream&, ec why) {
  if (done_) return;
  done_ = true;
  ++session_.context().metrics.identify[identify_failure_of(why == ec::none ? ec::closed : why)];
}

// -- ping ---

void ping_answerer::on_data(quic_stream& stream, bytes_view data, bool fin) {
  byte_buffer echo;
  const auto before = machine_.rounds();
  machine_.on_bytes(data, echo);
  session_.context().metrics.pings.in += machine_.rounds() - before;
  if (!echo.empty()) stream.write(bytes_view(echo));
  stream.consume(data.size());
  if (stream.out.held() > unread_bytes_max) {
    ++session_.context().metrics.streams_refused[stream_refusal::rate];
    return stream.reset(stream_error::rate_limited);
  }
  if (!fin) return;
  stream.finish();
  give_back();
}

void ping_answerer::on_close(quic_stream&, ec) { give_back(); }

void ping_answerer::give_back() {
  if (counted_) --session_.ping_streams();
  counted_ = false;
}

void ping_asker::ask(request_id id, instant deadline) {
  if (rounds_.size() >= waiting_max) {
    ++session_.context().metrics.ping_failures;
    return session_.emit(ping_event{id, session_.peer(), fail(ec::limit)});
  }
  round r{id, deadline, 0};
  session& s = session_;
  r.timer = s.context().host->call_at(deadline, [this, id] { on_timeout(id); });
  rounds_.push_back(r);
  if (stream_ != nullptr) next();
}

void ping_asker::on_open(quic_stream& stream, std::size_t) {
  stream_ = &stream;
  next();
}

void ping_asker::next() {
  if (machine_.waiting() || rounds_.empty()) return;
  ping_payload payload;
  crypto::random_bytes(payload);
  machine_.start(payload, now());
  ++session_.context().metrics.pings.out;
  stream_->write(bytes_view(payload));
  session_.context().host->touch(session_);
}

void ping_asker::on_data(quic_stream& stream, bytes_view data, bool fin) {
  stream.consume(data.size());
  const auto trip = machine_.on_bytes(data, now());
  if (machine_.failure() != ec::none) return stream.reset(stream_error::protocol_violation);
  if (trip) {
    session_.context().metrics.rtt.observe(to_seconds(*trip));
    answer(*trip);
  }
  if (fin) return stream.finish();
  if (trip) next();
}

void ping_asker::answer(result<duration> outcome) {
  if (rounds_.empty()) return;
  const round r = rounds_.front();
  rounds_.pop_front();
  session_.context().host->cancel_call(r.timer);
  if (!outcome) ++session_.context().metrics.ping_failures;
  session_.emit(ping_event{r.id, session_.peer(), std::move(outcome)});
}

void ping_asker::on_timeout(request_id id) {
  // The round under way blocks those behind it: without its echo the stream is of no more use.
  const bool first = !rounds_.empty() && rounds_.front().id == id;
  const auto it
      = std::find_if(rounds_.begin(), rounds_.end(), [&](const round& r) { return r.id == id; });
  if (it == rounds_.end()) return;
  rounds_.erase(it);
  ++session_.context().metrics.ping_failures;
  session_.emit(ping_event{id, session_.peer(), fail(ec::timeout)});
  if (!first || !machine_.waiting() || stream_ == nullptr) return;
  stream_->reset(stream_error::none);
  session_.context().host->touch(session_);
}

void ping_asker::on_close(quic_stream&, ec why) {
  stream_ = nullptr;
  if (machine_.failure() != ec::none) why = machine_.failure();
  while (!rounds_.empty()) answer(fail(why == ec::none ? ec::closed : why));
  session_.asker_gone();
}

// -- perf ---

void perf_answerer::on_data(quic_stream& stream, bytes_view data, bool fin) {
  session_.context().metrics.perf_bytes.in += data.size();
  stream.consume(data.size());
  ec bad = machine_.on_bytes(data);
  if (bad == ec::none && fin) bad = machine_.on_end();
  if (bad != ec::none) {
    ++session_.context().metrics.streams_refused[bad == ec::limit ? stream_refusal::limit
                                                                  : stream_refusal::malformed];
    if (bad == ec::limit) ++session_.context().metrics.limit_rejections[limit_kind::perf_bytes];
    return stream.reset(bad == ec::limit ? stream_error::resource_limit
                                         : stream_error::protocol_violation);
  }
  if (fin) stream.wake();
}

void perf_answerer::on_room(quic_stream& stream) {
  while (stream.has_room() && machine_.left_to_write() != 0) {
    chunk_view piece = machine_.next_write(perf_piece_bytes);
    session_.context().metrics.perf_bytes.out += piece.size();
    stream.write(std::move(piece));
  }
  if (machine_.finish_due()) {
    stream.finish();
    machine_.finished();
  }
}

void perf_answerer::on_close(quic_stream&, ec) { --session_.perf_streams(); }

void perf_asker::on_open(quic_stream& stream, std::size_t) {
  opened_ = true;
  started_ = now();
  stream.wake();
}

void perf_asker::on_room(quic_stream& stream) {
  while (stream.has_room() && machine_.left_to_write() != 0) {
    chunk_view piece = machine_.next_write(perf_piece_bytes);
    session_.context().metrics.perf_bytes.out += piece.size();
    stream.write(std::move(piece));
  }
  if (machine_.finish_due()) {
    stream.finish();
    machine_.finished();
  }
}

void perf_asker::on_data(quic_stream& stream, bytes_view data, bool fin) {
  session_.context().metrics.perf_bytes.in += data.size();
  stream.consume(data.size());
  if (turned_ == instant{}) turned_ = now();
  ec bad = machine_.on_bytes(data.size());
  if (bad == ec::none && fin) bad = machine_.on_end();
  if (bad != ec::none) {
    failure_ = bad;
    return stream.reset(stream_error::protocol_violation);
  }
  if (!machine_.done() || answered_) return;
  answered_ = true;
  perf_event::halves times{turned_ - started_, now() - turned_};
  session_.emit(perf_event{id_, session_.peer(), times});
}

void perf_asker::on_close(quic_stream&, ec why) {
  if (answered_) return;
  answered_ = true;
  if (failure_ == ec::none) failure_ = why == ec::none ? ec::closed : why;
  session_.emit(perf_event{id_, session_.peer(), fail(failure_)});
}

}  // namespace weft::transport::io
