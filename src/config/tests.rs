use super::*;

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("logseal.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(Some(&path), variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
}

#[test]
fn the_example_file_states_the_defaults() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("logseal.example.toml");
    assert_eq!(Config::load(Some(&example), std::iter::empty()).unwrap(), Config::default());
}

#[test]
fn variables_override_the_file() {
    let config = load(
        "[clickhouse]\nurl = \"http://a:1\"\n",
        &[("LOGSEAL__CLICKHOUSE__URL", "http://b:2"), ("LOGSEAL__NODE", "7"), ("PATH", "/bin")],
    )
    .unwrap();
    assert_eq!((config.clickhouse.url.as_str(), config.node), ("http://b:2", 7));
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let error = load("node = 1\n[api]\nlisen = \"127.0.0.1:1\"\n", &[]).unwrap_err().to_string();
    assert!(error.contains("line 3") && error.contains("lisen"), "{error}");
}

#[test]
fn an_unknown_variable_is_refused_by_name() {
    let error = load("", &[("LOGSEAL__API__LISEN", "x")]).unwrap_err().to_string();
    assert!(error.contains("lisen"), "{error}");
}

#[test]
fn database_url_of_the_platform_yields_to_ours() {
    let platform = ("DATABASE_URL", "postgres://platform/a");
    assert_eq!(load("[database]\nurl = \"sqlite:b\"", &[platform]).unwrap().database.url, "postgres://platform/a");
    let ours = ("LOGSEAL__DATABASE__URL", "postgres://ours/b");
    for variables in [[platform, ours], [ours, platform]] {
        assert_eq!(load("", &variables).unwrap().database.url, "postgres://ours/b");
    }
    let error = load("", &[("DATABASE_URL", "mysql://u:secret@h/d")]).unwrap_err().to_string();
    assert!(error.contains("database.url") && !error.contains("secret"), "{error}");
}

#[test]
fn a_password_in_the_address_of_the_database_is_not_shown() {
    let shown = |url: &str| Database { url: url.to_owned() }.url_shown();
    assert_eq!(shown("postgres://me:se:cr@et@db:5432/l"), "postgres://me:(not shown)@db:5432/l");
    assert_eq!(shown("postgres://me@db/l?sslmode=require"), "postgres://me@db/l?sslmode=require");
    assert_eq!(shown("postgres://db/l?user=me&password=secret"), "postgres://(not shown)");
    assert_eq!(shown("sqlite:/var/m.sqlite"), "sqlite:/var/m.sqlite");
    let config = load("", &[("DATABASE_URL", "postgres://me:secret@db/l")]).unwrap();
    assert!(!format!("{config:?}").contains("me:secret"));
}

#[test]
fn the_api_leaves_loopback_only_encrypted_or_when_told_to() {
    let error = load("[api]\nlisten = \"0.0.0.0:8080\"\n", &[]).unwrap_err().to_string();
    assert!(error.contains("api.listen") && error.contains("plain_http_beyond_loopback"), "{error}");
}

#[test]
fn networks_are_read_and_wrong_ones_named() {
    let config = load("[api]\ntrusted_proxies = [\"10.0.0.0/8\"]\n", &[("LOGSEAL__SYSLOG", "[]")]).unwrap();
    assert!(config.api.trusted_proxies.contains("10.1.1.1".parse().unwrap()));
    let error = load("[[syslog]]\nallow = [\"10.0.0.0/99\"]\n", &[]).unwrap_err().to_string();
    assert!(error.contains("10.0.0.0/99"), "{error}");
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn the_plain_variables_stand_between_the_file_and_the_paths() {
    let file = "[auth]\naccess_token_minutes = 5\n";
    let plain = [("JWT_SECRET", SECRET), ("JWT_EXPIRE_MINUTES", "15")];
    let auth = load(file, &plain).unwrap().auth;
    assert_eq!((auth.jwt_secret.expose(), auth.access_token_minutes.get()), (SECRET, 15));
    let both = [("LOGSEAL__AUTH__ACCESS_TOKEN_MINUTES", "20"), plain[0], plain[1]];
    assert_eq!(load(file, &both).unwrap().auth.access_token_minutes.get(), 20);
    assert!(load("", &[("JWT_SECRET", "")]).unwrap().auth.jwt_secret.is_empty());
}

#[test]
fn plain_variables_that_cannot_be_used_are_refused() {
    let short = load("", &[("JWT_SECRET", "short one")]).unwrap_err().to_string();
    assert!(short.contains("auth.jwt_secret") && !short.contains("short one"), "{short}");
    let minutes = load("", &[("JWT_EXPIRE_MINUTES", "soon")]).unwrap_err().to_string();
    assert!(minutes.contains("JWT_EXPIRE_MINUTES"), "{minutes}");
}

#[test]
fn a_secret_of_digits_is_text() {
    let config = load("", &[("LOGSEAL__CLICKHOUSE__PASSWORD", "123456")]).unwrap();
    assert_eq!(config.clickhouse.password, "123456");
    let config = load("", &[("LOGSEAL__CLICKHOUSE__PASSWORD", "\"123 456\"")]).unwrap();
    assert_eq!(config.clickhouse.password, "123 456");
    let digits = "1234567890123456789012345678901234";
    for (path, key) in [
        ("AUTH__ADMIN_PASSWORD", "[auth]\nadmin_password"),
        ("AUTH__JWT_SECRET", "[auth]\njwt_secret"),
        ("SMTP__PASSWORD", "[smtp]\nhost = \"h\"\nfrom = \"a@b.example\"\nuser = \"u\"\npassword"),
        ("SMTP__USER", "[smtp]\nhost = \"h\"\nfrom = \"a@b.example\"\npassword = \"p\"\nuser"),
        ("ANALYSERS__A__TOKEN", "[analysers.a]\nurl = \"http://a\"\ntoken"),
        ("API__TLS__KEY", "[api.tls]\ncertificate = \"c\"\nkey"),
    ] {
        let file = |value: &str| format!("{key} = \"{value}\"\n");
        let by_variable = load(&file(&"x".repeat(40)), &[(&format!("LOGSEAL__{path}"), digits)]).unwrap();
        assert_eq!(by_variable, load(&file(digits), &[]).unwrap(), "{path}");
    }
    let numbers = [("LOGSEAL__AUTH__REQUESTS_PER_SECOND_PER_USER", "7")];
    assert_eq!(load("", &numbers).unwrap().auth.requests_per_second_per_user.get(), 7);
}

#[test]
fn a_variable_that_is_refused_does_not_show_a_secret() {
    for variable in [
        ("LOGSEAL__AUTH", "{admin_password = 12345678901}"),
        ("LOGSEAL__CLICKHOUSE", "{password = 12345678901}"),
        ("LOGSEAL__DATABASE", "{url = 12345678901}"),
        ("LOGSEAL__LISTENER", "[{protocol = 'fluent', shared_key = 12345678901}]"),
        ("LOGSEAL__LISTENER", "[{protocol = 'fluent', users = {a = 12345678901}}]"),
    ] {
        let error = load("", &[variable]).unwrap_err().to_string();
        assert!(!error.contains("12345678901") && error.contains("expected text in quotes"), "{error}");
    }
}

#[test]
fn memory_in_which_the_engine_cannot_work_is_refused() {
    for (bytes, is_fine) in [(0, true), (5, false), (999_999_999, false), (1_000_000_000, true)] {
        let loaded = load(&format!("[engine]\nmemory_bytes_max = {bytes}\n"), &[]);
        assert_eq!(loaded.is_ok(), is_fine, "{bytes}");
        assert!(loaded.err().is_none_or(|error| error.to_string().starts_with("engine.memory_bytes_max: ")));
    }
}

#[test]
fn the_keys_of_s3_may_come_by_variables_and_the_secret_is_not_shown() {
    let variables = [("LOGSEAL__STORAGE__ACCESS_KEY_ID", "1234"), ("LOGSEAL__STORAGE__SECRET_ACCESS_KEY", "567890")];
    let config = load("[storage]\nurl = \"s3://logs\"\n", &variables).unwrap();
    assert_eq!((config.storage.access_key_id.as_str(), config.storage.secret_access_key.expose()), ("1234", "567890"));
    assert!(!format!("{config:?}").contains("567890"));
    assert!(!toml::to_string(&config.without_secrets()).unwrap().contains("567890"));
    let error = load("[storage]\nbucket = \"logs\"\n", &[]).unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("bucket"), "{error}");
}

const SMTP: &str = "[smtp]\nhost = \"mail.example.net\"\nfrom = \"logs@example.net\"\n";

#[test]
fn no_secret_is_shown() {
    let password = "user = \"logs\"\npassword = \"the mail secret\"\n";
    let file = format!("{SMTP}{password}[auth]\njwt_secret = \"{SECRET}\"\n[clickhouse]\npassword = \"the store's\"\n");
    let config = load(&file, &[]).unwrap();
    assert_eq!(config.smtp.as_ref().unwrap().password.expose(), "the mail secret");
    let debugged = format!("{:?} {:?}", config.auth, config.smtp);
    let shown = toml::to_string(&config.without_secrets()).unwrap();
    for secret in ["the mail secret", SECRET] {
        assert!(!debugged.contains(secret) && !shown.contains(secret), "{debugged}\n{shown}");
    }
    assert!(!shown.contains("the store's"), "{shown}");
}

#[test]
fn mail_is_encrypted_on_its_way_to_another_machine() {
    assert_eq!(load(SMTP, &[]).unwrap().smtp.unwrap().port(), 587);
    let error = load(&format!("{SMTP}tls = \"none\"\n"), &[]).unwrap_err().to_string();
    assert!(error.contains("smtp.tls") && error.contains("mail.example.net"), "{error}");
    let local = "[smtp]\nhost = \"127.0.0.1\"\nfrom = \"logs@example.net\"\ntls = \"none\"\n";
    assert_eq!(load(local, &[]).unwrap().smtp.unwrap().port(), 25);
}

#[test]
fn registration_needs_mail() {
    let open = "[auth]\nregistration = \"open\"\n";
    let error = load(open, &[]).unwrap_err().to_string();
    assert!(error.contains("auth.registration"), "{error}");
    assert_eq!(load(&format!("{open}{SMTP}"), &[]).unwrap().auth.registration, auth::Registration::Open);
}

#[test]
fn records_are_kept_for_a_hundred_years_at_most() {
    let error = load("[retention]\ndays = 36501\n", &[]).unwrap_err().to_string();
    assert_eq!(error, "retention.days: 36501 is not within 1 to 36500");
}

#[test]
fn syslog_over_tls_has_a_port_of_its_own() {
    let config =
        load("[[syslog]]\ntransport = \"tls\"\ntls = { certificate = \"c\", key = \"k\" }\n[[syslog]]\n", &[]).unwrap();
    let ports: Vec<u16> = config.syslog.iter().map(|listener| listener.listen().port()).collect();
    assert_eq!(ports, [6514, 5514]);
}

#[test]
fn tls_needs_a_certificate() {
    let error = load("[[syslog]]\ntransport = \"tls\"\nlisten = \"127.0.0.1:6514\"\n", &[]).unwrap_err().to_string();
    assert!(error.contains("syslog[0].tls"), "{error}");
}

#[test]
fn a_listener_has_what_its_protocol_is_known_by() {
    let config = load("[[listener]]\nprotocol = \"fluent\"\n[[listener]]\nprotocol = \"relp\"\n", &[]).unwrap();
    let known: Vec<_> = config.listener.iter().map(|l| (l.listen().to_string(), l.source(), l.format())).collect();
    let [fluent, relp] = known.as_slice() else { panic!("{known:?}") };
    assert_eq!((fluent.0.as_str(), fluent.1), ("127.0.0.1:24224", "fluent"));
    assert_eq!((relp.0.as_str(), relp.1, relp.2), ("127.0.0.1:2514", "relp", "syslog"));
}

#[test]
fn a_format_of_ones_own_can_be_named_and_others_cannot() {
    let listener = "[[listener]]\nprotocol = \"json\"\nformat = \"shop\"\n";
    let config = load(&format!("{listener}[formats.shop]\npattern = '%{{WORD:app}}'\n"), &[]).unwrap();
    assert_eq!(config.listener[0].format(), "shop");
    let shown = toml::to_string(&config).unwrap();
    assert_eq!(load(&shown, &[]).unwrap(), config);
    let error = load(listener, &[]).unwrap_err().to_string();
    assert!(error.starts_with("listener[0].format: unknown format \"shop\": use auto, "), "{error}");
    let error = load("[formats.shop]\npattern = '%{WROD:app}'\n", &[]).unwrap_err().to_string();
    assert_eq!(error, "formats.shop.pattern: unknown name %{WROD} at column 1");
}

#[test]
fn lines_are_joined_only_where_there_are_lines_in_their_order() {
    let load = |keys: &str| load(&format!("[[listener]]\n{keys}"), &[]);
    let joined = load("protocol = \"json\"\nmultiline = \"java\"\n").unwrap();
    assert_eq!(joined.listener[0].multiline, logseal_parsers::multiline::Rule::Java);
    for (keys, key) in [
        ("protocol = \"relp\"\nmultiline = \"auto\"\n", "listener[0].multiline"),
        ("transport = \"udp\"\nmultiline = \"auto\"\n", "listener[0].multiline"),
        ("multiline_wait_ms = 0\n", "listener[0].multiline_wait_ms"),
    ] {
        let error = load(keys).unwrap_err().to_string();
        assert!(error.starts_with(key), "{error}");
    }
}

#[test]
fn no_wait_is_so_long_that_it_cannot_be_reckoned_with() {
    let long = i64::MAX;
    for (text, key) in [
        (format!("[api]\nheader_seconds_max = {long}\n"), "api.header_seconds_max"),
        (format!("[api]\nbody_seconds_max = {long}\n"), "api.body_seconds_max"),
        (format!("[api]\nrequest_seconds_max = {long}\n"), "api.request_seconds_max"),
        (format!("[api]\nwrite_stall_seconds_max = {long}\n"), "api.write_stall_seconds_max"),
        (format!("[ingest]\nqueue_wait_ms = {long}\n"), "ingest.queue_wait_ms"),
        (format!("[uploads]\nstall_seconds_max = {long}\n"), "uploads.stall_seconds_max"),
        (format!("shutdown_seconds = {long}\n"), "shutdown_seconds"),
        (format!("[[listener]]\nidle_seconds = {long}\n"), "listener[0].idle_seconds"),
        (
            format!("[analysers.a]\nurl = \"http://x\"\ntoken = \"0123456789abcdef\"\nresult_seconds_max = {long}\n"),
            "analysers.a.result_seconds_max",
        ),
        ("[api]\nheader_seconds_max = 0\n".to_owned(), "api.header_seconds_max"),
    ] {
        let error = load(&text, &[]).unwrap_err().to_string();
        assert!(error.starts_with(key), "{error}");
    }
}

#[test]
fn a_listener_is_refused_what_its_protocol_does_not_have() {
    for (table, key) in [
        ("[[listener]]\nprotocol = \"relp\"\ntransport = \"udp\"\n", "listener[0].transport"),
        ("[[listener]]\nprotocol = \"relp\"\nshared_key = \"k\"\n", "listener[0].shared_key"),
        ("[[listener]]\nprotocol = \"json\"\nusers = { a = \"b\" }\n", "listener[0].users"),
        ("[[listener]]\nprotocol = \"fluent\"\nusers = { a = \"\" }\n", "listener[0].users"),
        ("[[listener]]\nprotocol = \"beats\"\nudp_heartbeat = true\n", "listener[0].udp_heartbeat"),
        ("[[listener]]\nprotocol = \"gelf\"\ncompression = \"zlib\"\n", "listener[0].compression"),
        ("[[syslog]]\ntransport = \"udp\"\ncompression = \"zlib\"\n", "syslog[0].compression"),
        ("[[syslog]]\nprotocol = \"relp\"\n", "syslog[0].protocol"),
        ("[[syslog]]\nsource = \"logseal.audit\"\n", "syslog[0].source"),
    ] {
        let error = load(table, &[]).unwrap_err().to_string();
        assert!(error.starts_with(key), "{error}");
    }
}

#[test]
fn clients_act_as_api_tokens_only_where_they_show_who_they_are() {
    let tls = "transport = \"tls\"\ntls = { certificate = \"c\", key = \"k\", client_ca = \"a\" }\n";
    let load = |keys: &str| load(&format!("[[listener]]\n{keys}"), &[]);
    for keys in [
        format!("protocol = \"relp\"\n{tls}token = \"web\"\n"),
        format!("protocol = \"beats\"\n{tls}tokens = {{ \"web-1.example\" = \"web\" }}\n"),
        "protocol = \"fluent\"\nshared_key = \"k\"\ntoken = \"web\"\n".to_owned(),
        "protocol = \"fluent\"\nusers = { ada = \"word\" }\ntokens = { ada = \"web\" }\n".to_owned(),
    ] {
        let config = load(&keys).unwrap();
        assert_eq!(config.listener[0].token_names().collect::<Vec<_>>(), ["web"], "{keys}");
    }
    let secret = format!("ls_{}", "x".repeat(43));
    for (keys, key, says) in [
        ("protocol = \"relp\"\ntoken = \"web\"\n".to_owned(), "token", "anybody could act as it"),
        ("protocol = \"gelf\"\ntransport = \"udp\"\ntoken = \"web\"\n".to_owned(), "token", "anybody could"),
        ("protocol = \"fluent\"\nshared_key = \"k\"\ntokens = { a = \"web\" }\n".to_owned(), "tokens", "no names"),
        (
            "protocol = \"fluent\"\nusers = { ada = \"w\" }\ntokens = { adda = \"web\" }\n".to_owned(),
            "tokens",
            "\"adda\" is none of the users",
        ),
        (format!("{tls}tokens = {{ \"A.example\" = \"a\", \"a.example\" = \"b\" }}\n"), "tokens", "case"),
        (format!("{tls}token = \"a\"\ntokens = {{ b = \"c\" }}\n"), "tokens", "either"),
        (format!("{tls}token = \"\"\n"), "token", "empty"),
        (format!("{tls}token = \"{secret}\"\n"), "token", "state its name"),
    ] {
        let error = load(&keys).unwrap_err().to_string();
        assert!(error.starts_with(&format!("listener[0].{key}: ")) && error.contains(says), "{error}");
        assert!(!error.contains(&secret), "{error}");
    }
}

#[test]
fn what_clients_must_know_is_not_shown() {
    let text = "[[listener]]\nprotocol = \"fluent\"\nshared_key = \"the key\"\nusers = { ada = \"the word\" }\n";
    let shown = toml::to_string(&load(text, &[]).unwrap().without_secrets()).unwrap();
    assert!(shown.contains("ada") && !shown.contains("the key") && !shown.contains("the word"), "{shown}");
}

#[test]
fn a_store_is_named_by_an_address_that_is_spoken_to() {
    for url in ["", "http://db:8123", "http://db", "http://[::1]:8123/", "http://192.0.2.7:8123"] {
        load(&format!("[clickhouse]\nurl = \"{url}\"\n"), &[]).unwrap();
    }
    for (url, says) in [
        ("db:8123", "http://host:8123"),
        ("db", "http://host:8123"),
        ("http://", "http://host:8123"),
        ("http://db:81230", "http://host:8123"),
        ("tcp://db:9000", "http://host:8123"),
        ("https://db:8443", "https is not spoken"),
        ("http://me:word@db:8123", "clickhouse.password"),
        ("http://@db:8123", "clickhouse.password"),
        ("http://db:8123/logs", "without a path"),
        ("http://db:8123/?database=logs", "without a path"),
        ("http://db:8123?user=a", "without a path"),
        ("http://db:8123#a", "without a path"),
    ] {
        let error = load(&format!("[clickhouse]\nurl = \"{url}\"\n"), &[]).unwrap_err().to_string();
        assert!(error.starts_with("clickhouse.url: ") && error.contains(says), "{url}: {error}");
    }
}

#[test]
fn a_word_that_is_no_level_is_refused() {
    let load = |level: &str| load(&format!("[log]\nlevel = '{level}'\n"), &[]);
    for level in ["info", "WARN", "off", "logseal=debug", "info,logseal::sources=debug", "warn,[request{a=1}]=debug"] {
        load(level).unwrap();
    }
    for (level, word) in [("loud", "loud"), ("wran", "wran"), ("info,logseal::sources", "logseal::sources")] {
        let error = load(level).unwrap_err().to_string();
        assert!(error.starts_with(&format!("log.level: \"{word}\" is no level: write off, error,")), "{error}");
    }
    let error = load("logseal=wran").unwrap_err().to_string();
    assert!(error.starts_with("log.level: \"logseal=wran\": "), "{error}");
}
