# The fuzz targets and the rooms that each of them needs: for the fuzzers (CMakeLists.txt) and for the
# replay of their corpora among the unit tests (tests/unit).
set(HOLDFAST_FUZZ_TARGETS
  acknowledgement
  address_state
  binary_schema
  broker_url
  budget_state
  certificate
  command_error
  command_record
  config
  csr
  decoding
  envelope
  events
  http_tunnel
  idle_state
  kept_state
  ledger
  network_changes
  outbox_file
  packet_framer
  pem
  pin
  pin_set
  properties
  proxy_url
  series
  series_layout
  record_log
  server_hello
  server_reference
  session_marks
  slot
  spki
  state_document
  status
  status_request
  ticket_store
  tls_session
  topic
  trace_secrets
  trust_state)
set(HOLDFAST_FUZZ_NEEDS_acknowledgement holdfast_mqtt holdfast_relay)
set(HOLDFAST_FUZZ_NEEDS_address_state holdfast_channel)
set(HOLDFAST_FUZZ_NEEDS_binary_schema holdfast_decoding)
set(HOLDFAST_FUZZ_NEEDS_broker_url holdfast_channel)
set(HOLDFAST_FUZZ_NEEDS_budget_state holdfast_budget)
set(HOLDFAST_FUZZ_NEEDS_certificate holdfast_channel)
set(HOLDFAST_FUZZ_NEEDS_command_error holdfast_commands)
set(HOLDFAST_FUZZ_NEEDS_command_record holdfast_commands)
set(HOLDFAST_FUZZ_NEEDS_csr holdfast_pinning)
set(HOLDFAST_FUZZ_NEEDS_decoding holdfast_decoding)
set(HOLDFAST_FUZZ_NEEDS_envelope holdfast_payload holdfast_sample_schemas)
set(HOLDFAST_FUZZ_NEEDS_events holdfast_observe)
set(HOLDFAST_FUZZ_NEEDS_http_tunnel holdfast_channel)
set(HOLDFAST_FUZZ_NEEDS_network_changes holdfast_channel)
set(HOLDFAST_FUZZ_NEEDS_idle_state holdfast_session)
set(HOLDFAST_FUZZ_NEEDS_kept_state holdfast_twin)
set(HOLDFAST_FUZZ_NEEDS_ledger holdfast_ledger)
set(HOLDFAST_FUZZ_NEEDS_outbox_file holdfast_outbox)
set(HOLDFAST_FUZZ_NEEDS_packet_framer holdfast_relay)
set(HOLDFAST_FUZZ_NEEDS_pem holdfast_crypto)
set(HOLDFAST_FUZZ_NEEDS_config holdfast_config)
set(HOLDFAST_FUZZ_NEEDS_pin holdfast_pinning)
set(HOLDFAST_FUZZ_NEEDS_pin_set holdfast_pinning)
set(HOLDFAST_FUZZ_NEEDS_properties holdfast_base)
set(HOLDFAST_FUZZ_NEEDS_proxy_url holdfast_channel)
set(HOLDFAST_FUZZ_NEEDS_series holdfast_payload)
set(HOLDFAST_FUZZ_NEEDS_series_layout holdfast_payload)
set(HOLDFAST_FUZZ_NEEDS_record_log holdfast_state)
set(HOLDFAST_FUZZ_NEEDS_server_reference holdfast_channel holdfast_mqtt)
set(HOLDFAST_FUZZ_NEEDS_server_hello holdfast_channel)
set(HOLDFAST_FUZZ_NEEDS_session_marks holdfast_session)
set(HOLDFAST_FUZZ_NEEDS_slot holdfast_state)
set(HOLDFAST_FUZZ_NEEDS_spki holdfast_pinning)
set(HOLDFAST_FUZZ_NEEDS_state_document holdfast_payload holdfast_sample_schemas)
set(HOLDFAST_FUZZ_NEEDS_status holdfast_presence)
set(HOLDFAST_FUZZ_NEEDS_status_request holdfast_observe)
set(HOLDFAST_FUZZ_NEEDS_ticket_store holdfast_resumption)
set(HOLDFAST_FUZZ_NEEDS_tls_session holdfast_channel)
set(HOLDFAST_FUZZ_NEEDS_topic holdfast_mqtt)
set(HOLDFAST_FUZZ_NEEDS_trace_secrets holdfast_observe)
set(HOLDFAST_FUZZ_NEEDS_trust_state holdfast_pinning)
