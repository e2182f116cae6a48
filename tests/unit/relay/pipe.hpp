// A relay with everything around it: Paho's end is a socket of this process, the wire a list.

#pragma once

#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include "relay/relay.hpp"

namespace holdfast::relay {

using namespace std::chrono_literals;
using namespace std::string_literals;
using Tcp = asio::ip::tcp;

inline constexpr auto kBound = 10s;
inline const std::string kConnectLine =
    "CONNECT 127.0.0.1:1883 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
inline const std::string kPingreq = "\xC0\x00"s;
inline const std::string kPingresp = "\xD0\x00"s;

// A packet with `size` bytes in all, filled with one character.
inline std::string packet_of(char first, std::size_t size, char fill) {
  std::string header(1, first);
  std::size_t length = size - 2;
  if (length >= 128) length = size - 3;
  if (length >= 16'384) length = size - 4;
  std::size_t left = length;
  do {
    const auto digit = static_cast<char>(left % 128);
    left /= 128;
    header += left > 0 ? static_cast<char>(digit | '\x80') : digit;
  } while (left > 0);
  return header + std::string(length, fill);
}
inline std::string publish_packet(std::size_t size, char fill = 'p') {
  return packet_of('\x30', size, fill);
}
inline std::string subscribe_packet(std::size_t size, char fill = 's') {
  return packet_of('\x82', size, fill);
}

class Pipe {
 public:
  Pipe() : relay(std::make_shared<Relay>(io.get_executor(), events())), paho(io) {}
  ~Pipe() {
    relay->close();
    std::error_code ignored;
    paho.close(ignored);
    io.restart();
    io.poll();  // the handlers hold the relay
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  asio::io_context io{1};
  std::shared_ptr<Relay> relay;
  Tcp::socket paho;

  // What the relay told, in order.
  std::vector<std::string> to_wire;  // one entry a call
  std::vector<PacketType> passed;
  std::vector<PacketType> arrived;
  std::string answers;  // the bytes of acknowledgements
  std::vector<std::string> intruders;
  std::vector<bool> full;
  std::vector<Failure> broken;
  int dialled_in = 0;
  int hung_up = 0;
  bool wire_takes = true;  // what `to_wire` answers
  std::string story;       // "wire", "hung_up" and "end" in their order

  std::string wire() const {
    std::string all;
    for (const std::string& one : to_wire) all += one;
    return all;
  }

  std::uint16_t listen() {
    Failure failure;
    port = relay->listen(failure);
    if (failure) throw std::runtime_error(failure.detail);
    return port;
  }

  // Runs the relay until `done`. @return false if that takes too long.
  bool run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + kBound;
    while (!done()) {
      io.restart();
      if (std::chrono::steady_clock::now() > end) return false;
      io.run_one_for(100ms);
    }
    return true;
  }

  // Runs whatever is ready now; for "and nothing else happens".
  void settle() {
    for (int i = 0; i < 20; ++i) {
      io.restart();
      io.run_one_for(1ms);
    }
  }

  void send_ours(const std::string& packet) {
    relay->send(std::as_bytes(std::span(packet.data(), packet.size())));
    relay->flush();
  }

  void dial() {
    listen();
    paho.connect(Tcp::endpoint(asio::ip::address_v4::loopback(), port));
    paho.set_option(Tcp::no_delay(true));
  }

  void write(const std::string& text) { asio::write(paho, asio::buffer(text)); }

  // Connected, greeted, and the answer to the greeting read.
  bool open() {
    dial();
    if (!run_until([this] { return dialled_in == 1; })) return false;
    write(kConnectLine);
    read_until("\r\n\r\n");
    settle();
    return true;
  }

  // Reads at Paho's end until the text ends so; runs the relay meanwhile.
  std::string read_until(const std::string& end) {
    return read_while([&end](const std::string& text) { return !text.ends_with(end); });
  }
  std::string read_bytes(std::size_t count) {
    return read_while([count](const std::string& text) { return text.size() < count; });
  }
  std::string read_to_end() {
    return read_while([](const std::string&) { return true; });
  }
  // What lies there now, without waiting.
  std::string read_what_is_there() {
    settle();
    std::string text(1 << 20, '\0');
    const ssize_t count = ::recv(paho.native_handle(), text.data(), text.size(), MSG_DONTWAIT);
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }

  std::uint16_t port = 0;

 private:
  std::string read_while(const std::function<bool(const std::string&)>& wanted) {
    std::string text;
    bool ended = false;
    run_until([&] {
      char one[64 * 1024];
      while (wanted(text) && !ended) {
        const ssize_t count = ::recv(paho.native_handle(), one, sizeof one, MSG_DONTWAIT);
        if (count < 0) return false;
        if (count == 0) ended = true;
        text.append(one, static_cast<std::size_t>(count));
      }
      return true;
    });
    return text;
  }

  RelayEvents events() {
    return {.dialled_in = [this] { ++dialled_in; },
            .intruder = [this](std::string text) { intruders.push_back(std::move(text)); },
            .to_wire =
                [this](std::span<const std::byte> bytes) {
                  to_wire.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                  story += "wire ";
                  return wire_takes;
                },
            .passed = [this](PacketType type) { passed.push_back(type); },
            .answered =
                [this](const Piece& piece) {
                  answers.append(reinterpret_cast<const char*>(piece.bytes.data()),
                                 piece.bytes.size());
                },
            .arrived = [this](PacketType type) { arrived.push_back(type); },
            .full = [this](bool is) { full.push_back(is); },
            .hung_up =
                [this] {
                  ++hung_up;
                  story += "hung_up ";
                },
            .broken = [this](Failure failure) { broken.push_back(std::move(failure)); }};
  }
};

inline std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace holdfast::relay
