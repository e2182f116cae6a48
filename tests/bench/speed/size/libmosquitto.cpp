// The least that a program with libmosquitto does: the benchmark looks how large it is.

#include <mosquitto.h>

#include <cstdlib>

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  mosquitto_lib_init();
  mosquitto* const client = mosquitto_new("size", true, nullptr);
  mosquitto_tls_set(client, argv[3], nullptr, nullptr, nullptr, nullptr);
  mosquitto_publish_callback_set(client,
                                 [](mosquitto* told, void*, int) { mosquitto_disconnect(told); });
  mosquitto_connect_callback_set(client, [](mosquitto* told, void*, int code) {
    if (code == 0) mosquitto_publish(told, nullptr, "size", 1, "x", 1, false);
  });
  if (mosquitto_connect(client, argv[1], std::atoi(argv[2]), 60) != MOSQ_ERR_SUCCESS) return 1;
  const int result = mosquitto_loop_forever(client, -1, 1);
  mosquitto_destroy(client);
  mosquitto_lib_cleanup();
  return result == MOSQ_ERR_SUCCESS ? 0 : 1;
}
