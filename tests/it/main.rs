//! The whole daemon, as a person runs it: the real binary, the real engine, a folder of its own.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails may panic")]

mod alert_channels;
mod alert_mail;
mod alert_rules;
mod alert_syslog;
mod alerts;
mod analysers;
mod api_bounds;
mod api_export;
mod api_logs;
mod api_sources;
mod api_tail;
mod api_tls;
mod app;
mod beats_port;
mod certificates;
mod check_config;
mod cli;
mod cli_accounts;
mod cli_output;
mod cli_tail;
mod cli_transfers;
mod compression;
mod crash;
mod damage;
mod database_away;
mod debian_clients;
mod disk_full;
mod event_logs;
#[expect(dead_code, reason = "some of it is for unit tests")]
#[path = "../support/evtx.rs"]
mod evtx;
mod first_admin;
mod fluent_port;
mod http_receiver;
mod listener_tokens;
mod mail;
mod mail_codes;
#[path = "../support/no_tls.rs"]
mod no_tls;
mod numbered;
mod otlp_loki;
mod packaged_clients;
mod people;
mod pipeline;
#[path = "../support/postgres.rs"]
mod postgres;
mod real_clients;
mod recorded_reads;
mod recordings;
mod relp;
mod rsyslog;
mod s3_listing;
#[path = "../support/s3_server.rs"]
mod s3_server;
mod shipper_ports;
mod shippers_http;
mod smtp_sink;
mod spool_size;
mod starting;
mod storage_away;
mod store_away;
mod syslog_stop;
mod syslog_tcp;
mod syslog_tls;
mod syslog_udp;
mod tls_client;
mod uploads;
mod uploads_under_way;
