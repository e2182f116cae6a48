// The least that a program with Paho C++ does: the benchmark looks how large it is.

#include <mqtt/async_client.h>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  mqtt::ssl_options ssl;
  ssl.set_trust_store(argv[2]);
  ssl.set_verify(true);
  mqtt::connect_options options;
  options.set_ssl(ssl);
  mqtt::async_client client(argv[1], "size");
  client.connect(options)->wait();
  client.publish("size", "x", 1, 1, false)->wait();
  client.disconnect()->wait();
  return 0;
}
