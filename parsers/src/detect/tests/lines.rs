//! Lines that may be taken for what they are not: those of each format, whole, changed and behind others' heads, and texts of likely words.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A line in each format, and some in none.
pub(super) const LINES: &[&str] = &[
    "order 7741 of customer 1193 placed in 38 ms, total 129.90 EUR",
    "ERROR login failed for user bob from 192.0.2.7",
    "[worker 3] the cart was opened",
    "192.0.2.7 - bob [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl\"",
    "[14/Nov/2023:22:13:20 +0000] 200 - GET https a.example \"/\" [Client 192.0.2.7] [Length 5] [Gzip -] \"curl\" \"-\"",
    "2023/11/14 22:13:20 [2023-11-14 22:13:20.150624] [router:a] [origin:b] [client: 192.0.2.7] [useragent: x] GET / 404",
    "[Tue Nov 14 22:13:20 2023] [error] [client 192.0.2.7] text",
    "http 2023-11-14T22:13:20.1Z app/lb 192.0.2.7:5000 192.0.2.1:80 0 0 0 200 200 1 2 \"GET http://a/ HTTP/1.1\" \"x\" - -",
    "2023-11-14T22:13:20.1Z lb 192.0.2.7:5000 192.0.2.1:80 0 0 0 200 200 1 2 \"GET http://a/ HTTP/1.1\"",
    "tls 2.0 2023-11-14T22:13:20 net/lb/a 1 192.0.2.7:5000 192.0.2.1:443 5 2 0 1 - arn - - - tlsv12 - lb.example - - - -",
    "192.0.2.7:5059 [14/Nov/2023:22:13:20.001] in app/s1 1/0/5007 212 SC 1/2/3/4/5 6/7",
    "Proxy in started.",
    "time:2023-11-14T22:13:20Z\tlevel:info\thost:192.0.2.7",
    "2023/11/14 22:13:20 [error] 1#1: *1 text, client: 192.0.2.7",
    "1700000000.123     16 192.0.2.7 TCP_MISS/200 1 GET http://a.example/ - HIER_DIRECT/- -",
    "2023-11-14T22:13:20Z stdout F {\"level\":\"info\"}",
    "2023-11-14 22:13:20,123 INFO  [main] c.e.App - text",
    "2023-11-14 22:13:20.123 [main] WARN  c.e.App - text",
    "2023-11-14 22:13:20.123 [System] [WARN] c.e.App - text",
    "2023-11-14T22:13:20.123Z  INFO shop::cart: text",
    "2023-11-14 22:13:20.123 UTC [7] bob@shop ERROR:  text",
    "2023-11-14T22:13:20.123456Z 0 [Note] text",
    "2023-11-14T22:13:20.123+0000 I NETWORK  [conn8] text",
    "2023-11-14 22:13:20.123 [info] <0.1.0> text",
    "2023-11-14 22:13:20 1Ov4tU-0000Nz-Rm Completed",
    "2023-11-14 22:13:20.1234|INFO|Shop.Cart|text",
    "2023-11-14T22:13:20.123Z info: text",
    "2023-11-14 22:13:20,123 - shop - INFO - text",
    "Nov 14, 2023 10:13:20 PM c.e.App start\nINFO: text",
    "I1114 22:13:20.123456 7 a.go:9] text",
    "7:M 14 Nov 2023 22:13:20.123 * text",
    "[1700000000] SERVICE ALERT: a;b;OK;HARD;1;text",
    "[1700000000] nsd[7]: info: text",
    "[2023-11-14 22:13:20.123] nsd[7]: info: text",
    "[22:13:20] [Server thread/INFO]: text",
    "[22:13:20 INFO]: text",
    "www1 [Tue Nov 14 22:13:20 2023] [error] [client 192.0.2.7] text",
    "www.a.example [Tue Nov 14 22:13:20 2023] [error] [client 192.0.2.7] text",
    "192.0.2.7 - - [14/nov./2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 5",
    "1700000000: text from 192.0.2.7",
    "@400000006553f10a075bca00 text from 192.0.2.7",
    "L 11/14/2023 - 22:13:20: text from 192.0.2.7",
    "a1b2c 4c5d6 -- bob -- - 2023-11-14T22:13:20+00:00 WARN (4): text",
    "abcde fabcd -- bob -- - 2023-11-14T22:13:20+00:00 WARN (4): text",
    "2023.11.14 22:13:20 LOG5[7:8]: text from 192.0.2.7",
    "2023-11-14 22:13:20,123 fail2ban.actions[7]: WARNING [ssh] Ban 192.0.2.7",
    "info: Shop.Cart[0] text",
    "nova.log 2023-11-14 22:13:20.123 7 INFO nova [-] text",
    "- 1700000000 2023.11.14 n1 Nov 14 22:13:20 n1 sshd[7]: text",
    "2023-11-14T22:13:20Z INFO Text (security.ip-blocked) listenerId = \"smtp\", remoteIp = 192.0.2.7",
    "2023-11-14 22:13:20 +0000 08 mx1.example IMAP:1F2A: connection accepted from [192.0.2.7:5000]",
    "2023-11-14 22:13:20.123456 95.20% [WARNING] sofia.c:99 text",
    "7f47ac10-58cc-4372-a567-0e02b2c3d479 2023-11-14 22:13:20.123456 95.20% [NOTICE] sofia.c:99 text",
    "a347ac10-58cc-4372-a567-0e02b2c3d479 2023-11-14 22:13:20.123456 95.20% [NOTICE] sofia.c:99 text",
    "2023-11-14 22:13:20.123456 [INFO] [7] [192.0.2.7:5000#shop] text",
    "2023-11-14 22:13:20.123456|INFO    |Query         |   |text",
    "[notice] 2023-11-14T22:13:20.123456Z couchdb@db1 <0.17.12> e1fed412f8 db.example 192.0.2.7 bob GET /shop 404 ok 1",
    "22:13:20.123456 IP 192.0.2.7.5000 > 192.0.2.1.22: Flags [S], length 0",
    "11/14/23 22:13:20.123456 web_php[258].ERR [192.0.2.7] [text]",
    "2023-11-14 22:13:20.123 UTC [7] ERROR C-0x55d2a8: shop/bob@192.0.2.7:5000 text",
    "22:13:20.123 user=bob peer_ip=192.0.2.7 [error] text",
    "2023-11-14 22:13:20 login authenticator failed for (x) [192.0.2.7]: 535 text (set_id=bob)",
    "2023-11-14T22:13:20Z [ERROR] [/lib/auth.go:99][client IP=\"192.0.2.7\"]: text",
    "[Nest] 7  - 11/14/2023, 10:13:20 PM    WARN [AuthService] text",
    "\x1b[33m[Nest] 7  - \x1b[39m11/14/2023, 10:13:20 PM \x1b[33m   WARN\x1b[39m \x1b[38;5;3m[AuthService] \x1b[39m\x1b[33mtext\x1b[39m",
    "[2023-11-14 22:13:20.123 +00:00] [INF] [79] Shop.Cart: text",
    "1700000000.7.0 [14/Nov/2023 22:13:20] bob - 192.0.2.7 global miniserv.pl \"failed\" \"-\" \"text\"",
    "2023-11-14 22:13:20 192.0.2.1 GET /a.html - 443 - 192.0.2.7 curl/8 - 200 0 0 15",
    "192.0.2.7 2023-11-14 22:13:20.123 UTC [7] bob@shop FATAL:  text",
    "2023-11-14  5:13:20 7 [Warning] text",
    "2023-11-14T22:13:20Z fw1.example CEF:0|a|b|c|d|e|1|src=192.0.2.7",
    "2023-11-14T22:13:20.123Z waf1 - - - - {\"a\":7}",
    "2023-11-14 22:13:20 fw1 CEF:0|a|b|c|d|e|1|src=192.0.2.7",
    "2023-11-14T22:13:20.123 UTC fw1 LEEF:1.0|a|b|c|d|src=192.0.2.7",
    "<Event><System><EventID>7</EventID></System></Event>",
    "MSWinEventLog\t1\tSecurity\t9\tTue Nov 14 22:13:20 2023\t4625\ta\tb\tc\tFailure Audit\tpc1\tLogon\t\ttext\t9",
    "{\"level\":\"error\",\"msg\":\"text\"}",
    "@cee: {\"level\":\"error\"}",
    "CEF:0|a|b|c|d|e|3|src=192.0.2.7",
    "1700000000 fw1 CEF:0|a|b|c|d|e|3|src=192.0.2.7",
    "LEEF:1.0|a|b|c|d|src=192.0.2.7",
    "level=info msg=\"x y\" user=bob",
    "type=CWD msg=audit(1.0:2): cwd=\"/\"",
    "[5.1] IN=eth0 OUT= SRC=192.0.2.7 DST=192.0.2.1 PROTO=TCP",
    "%ASA-4-106023: Deny tcp src a:192.0.2.7/1 dst b:192.0.2.1/2",
    "1,2023/11/14 22:13:20,0,TRAFFIC,end,1,2023/11/14 22:13:20,192.0.2.7,192.0.2.1",
    "Failed password for bob from 192.0.2.7 port 4000 ssh2",
    "web-1  | 2023-11-14T22:13:20.123456789Z 192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 5",
    "redis  | ready",
    "2023-11-14 22:13:20 192.0.2.1 GET /a - 443 bob 192.0.2.7 curl/8 - 404 0 2 15",
    "2023-11-14\t22:13:20\tFRA2-C1\t5000\t192.0.2.7\tGET\td1.example\t/a\t200\t-\tcurl\t-\t-\tMiss",
    "1700000000.000000\tCwFs1P2UcUdlSxD2La\t192.0.2.7\t52026\t198.51.100.2\t53\tudp\tx",
    "@400000006553f10a00000000 tcpserver: status: 5/30",
    "14-Nov 22:13 web1-dir JobId 7: Start Backup",
    "[pid: 7|app: 0|req: 1/2] 192.0.2.7 () {1 vars in 2 bytes} [Tue Nov 14 22:13:20 2023] GET / => generated 4 bytes in 1 msecs (HTTP/1.1 200) 9 headers in 3 bytes (1 switches on core 3)",
    "MainThread::INFO::2023-11-14 22:13:20,123::vdsm::71::vds::(run) text",
    "[2023-11-14 22:13:20 +0000] warning/ApiListener: text",
    "[2023-11-14T22:13:20.123+0000][7][gc,start     ] text",
    "2023-11-14 22:13:20,123 +0000 | ERROR | c.e.App - text",
    "[2023-11-14 22:13:20.123] [shop] [info] [cart.cpp:99] text",
    "[2023-11-14 22:13:20.123][7][info][main] [source/server.cc:99] text",
    "E [14/Nov/2023:22:13:20 +0000] [Job 7] text",
    "[I 231114 22:13:20 web:9] 200 GET / (192.0.2.7) 1.00ms",
    "[INFO] 192.0.2.7:5000 - 7 \"A IN a.example. udp 40 false 512\" NOERROR qr,rd,ra 106 0.012s",
    "2023-11-14T22:13:20Z E! [inputs.docker] text",
    "2023-11-14 22:13:20.123456 W | rafthttp: text",
    "2023-11-14T22:13:20.123Z [ERROR] agent.server: text",
    "2023-11-14T22:13:20.123Z [INFO]  agent: text",
    "(2023-11-14 22:13:20): [be[a.example]] [dp_send] (0x0200): text",
    "2023/11/14 22:13:20 cmd/web.go:99:run() [I] text",
    "[Tue Nov 14 22:13:20 2023] usb 1-1: text",
    "2023-11-14T22:13:20.123Z web1 NSX 7 - [a@6876 level=\"INFO\"] text",
    "1700000000: New connection from 192.0.2.7:5000 on port 1883.",
    "  1234:20231114:221320.123 text",
    "2023.11.14 22:13:20.123456 [ 7 ] {} <Information> Application: text",
    "[11/14/23 22:13:20:123 UTC] 0000001a AppServer     W   WSVR0001W: text",
    "date=2023-11-14,time=22:13:20,level=\"notice\",srcip=192.0.2.7",
];

/// What may stand before them.
pub(super) const HEADS: &[&str] = &[
    "",
    "",
    "",
    " ",
    "\u{feff}",
    "<38>Nov 14 22:13:20 web1 sshd[7]: ",
    "<13>Nov 14 22:13:20 web1 haproxy[7]: ",
    "<13>Nov 14 22:13:20 web1 ",
    "Nov 14 22:13:20 web1 kernel: ",
    "<13>1 2023-11-14T22:13:20Z web1 shop 7 - - ",
    "2023-11-14T22:13:20Z stderr F ",
    "2023-11-14T22:13:20Z web1 shop[7]: ",
    "2023-11-14T22:13:20 ",
    "pc1\t",
    "a: ",
];

/// What may get into a line.
const BITS: &[&str] =
    &["[", "]", "\t", " ", ":", "\"", "{", "<", "=", "7", "a", ".", "\n", "é", "\0", "[14/Nov/2023:22:13:20] "];

pub(super) fn likely_line() -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((select(BITS), any::<Index>()), 0..3);
    (select(HEADS), select(LINES), changes, any::<Index>(), any::<bool>()).prop_map(
        |(head, line, changes, end, is_cut)| {
            let mut line = [head.as_bytes(), line.as_bytes()].concat();
            for (bit, at) in changes {
                let at = at.index(line.len() + 1);
                line.splice(at..at, bit.bytes());
            }
            if is_cut {
                line.truncate(end.index(line.len() + 1));
            }
            line
        },
    )
}

/// How plain text may begin, and what else begins so.
const BEGINNINGS: &[&str] = &[
    "",
    "",
    "2023-11-14 22:13:20 ",
    "2023-11-14 22:13:20.5 ",
    "2023-11-14 22:13:20 UTC ",
    "2023-11-14T22:13:20Z ",
    "2023-11-14T22:13:20.123456+01:00 ",
    "2023-11-14 22:13 ",
    "2023/11/14 22:13:20 ",
    "20231114T221320Z ",
    "Nov 14 22:13:20 ",
    "Nov 14, 2023 10:13:20 PM ",
    "NOV 14 22:13:20 ",
    "Abc 14 22:13:20 ",
    "Nov 99 22:13:20 ",
    "Nov 14 22:13:20.5 ",
    "[",
    "CEST ",
    "[7:1-2] ",
    "E1114 22:13:20.123456 ",
    "ESTx",
    "----",
    "1234 ",
    "42: ",
    "2023: ",
    "99.5% ",
    "1700000000.5 ",
    "2023.11 ",
    "0x7f8a ",
    "<w>",
    "<b>",
    "<error>",
    "I ",
    "E ",
    "m ",
    "</",
    "(7",
    "(W) ",
    "- ",
    "-- ",
    "7",
    "22:13:20 ",
    "[22:13:20] ",
    "C:\\",
    "2023-11-14 22:13:20 - ",
    "2023-11-14 ",
    "2023-11-14",
    "x = ",
    "a-b=c ",
    "2023-11-14 22:13:20 7 ",
    "2023-11-14 22:13:20 cart-service ",
    "2023-11-14 22:13:20: ",
    "HTTP 200 ",
    "lb 7 ",
    "nova.log 7 ",
    "\t",
    BLANKS,
];

/// So many that what is behind them stands where a level is looked for no longer, or nearly so.
const BLANKS: &str = "                                                                                                ";

/// The words of texts, and those by which formats are known.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "order ", "Order ", "the ", "A ", "cart ", "7 ", "7741 ", "38 ms, ", "shop.cart ", "com.example.App ", "[worker 3] ", "[main] ", "[conn8] ",
    "[7] ", "[info] ", "[Note] ", "[INF] ", "[System] ", "ERROR ", "ERROR: ", "WARNING: ", "CRITICAL: ", "INFO:     ", "INFO  ", "info: ",
    "Error: ", "DEBUG:a:", "Nov ", "NOV ", "14 ", "4 ", "14, 2023 10:13:20 PM ", "22:13:20 ", "2023-11-14T22:13:20Z ", "1700000000 ", "2023.11.14 ", "n1 ",
    "http ", "h2 ", "lb ", "192.0.2.7:5000 ", "192.0.2.7 ", "1.5 ", "2.3 ", "- ", "-- ", "--- ", ": ", "LOG:  ", "bob@shop ", "user=bob ", "user 'bob' ",
    "from ", "denied ", "login ", "Failed ", "password ", "IN=eth0 OUT= SRC=192.0.2.7 ", "a=b c=d ", "audit: ", "type=x msg=audit(1.0:2): ", "wireguard: ",
    "wg ", "std", "stdout ", "stderr ", "F ", "firewall,info ", "1,2023 ", "{\"a\":1}", "Started ", "GET ", "\"/x\" for ", "at ", "\"GET / HTTP/1.1\" ", "200 ",
    "sshd[7]: ", "sshd: ", "a.b.C run\nINFO: ", "Proxy ", "ab:cd:ef:01 ", "nova.log ", "\t", "x ", "i ", "(x) ", "CEF:0|a|b|c|d|e|3| ", "CEF: ", "LEEF: ", "{x}: ", "- - ",
    "[Thread-5] ", "[worker ERROR] ", "[ERROR 3] ", "[a-ERR-7] ", "[pool-1-thread-1] ", "[INFO ] ", "[dead-beef] ", "[abc] ", "[core] ", "[", "] ",
    "NOTICE ", "LOG ", "Err ", "eRROR ", "Notice ", "error: ", "(ERROR) ", "|ERROR| ", "<error> ", "level=error ", "level: \"fatal\" ", "CEST ", "CET ", "ESTx", "Tue ",
    "Tue, ", "14-11-2023 22:13:20 ", "14/Nov/2023 22:13:20] ", "11/14/2023-22:13:20.5 ", "20231114-22:13:20 ", "Nov-14-23 22:13:20 ",
    "1700000000 - 11/14/2023 22:13:20 ",
    "done", "done. ", "Finally, ", "cart-service ", "cart_service: ", "worker(7): ", "java.lang.Error: no ", "h2", "\"the ", "* ", "> ", "/srv/shop: ", "} ", "===== ", " =====", "=", "# ", "##",
    "\u{c4}pfel ", "The ", "Tue nov ", "big ", "Mon", "Day", "day ", "audit", "node=a ", "MSWinEventLog ", "2023-11-14 22:13:20,123 7 INFO nova [-] ", "231114 221320 ", "Time: ", "Query_time: 2.5 ", "%ASA-6-1: ",
    "2023] ", "22:13:20] ", "to ", "be ", "--------", "20231114 ", "web1 app: ", "items ", "were ", "counted ",
    "100% ", "have ", "a-ERROR ", "a.b,c/d@e ", "x-level: ", "I ", "level ", "Foo::Bar ", "<tag> ", "\u{c4}-b ", "web-1 ", "not! ", "it's ", "error ",
    "general: ", "queries: ", "client @0x7f ", "client 192.0.2.7#53: ", "cpu7:77)", "info vpxd ", "verbose hostd ", "vpxd", "TID-x ", "MainThread ", "1Ov4tU-0000Nz-Rm ",
    "<= ", "| ", "|", "shop::cart: ", "c.e.App: ", "c.e.App - ", "--- [main] ", "pid: ", "D Tag: ", "E/Tag( 7): ", "I/", "(kafka.X) ", "SERVICE ALERT: a;b;OK;HARD;1;", "0 [Note] ",
    "PID ", "ID ", "HTTP ", "GET /x ", "SELECT * ", "unbound[7:0] ", "notice: ", "debug ", "trace: ", "warn: ", "fail: ", "info: a[0] ", "[7", "(", ")", "</b>", "/", "x: ", "I NETWORK ",
    "W art: ", "job=7 ", "tls ", "app.log ", "-", "14] ", "IST ", "May ", "may 7 ", "Sat ", "std: ", "2023-11-14 ", "22:13 ", "T22:13:20Z ", "+0100 ", "UTC: ", "%", "it ", "is ",
];

pub(super) fn text_line() -> impl Strategy<Value = String> {
    (select(BEGINNINGS), prop::collection::vec(select(WORDS), 0..8)).prop_map(|(beginning, words)| {
        let mut line = beginning.to_owned();
        line.extend(words);
        line
    })
}
