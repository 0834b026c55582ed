//! A mail server on loopback that keeps what it is given.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::app::DEADLINE;
use crate::certificates::Identity;

/// When the connection becomes encrypted.
pub(crate) enum Encryption {
    Never,
    StartTls(Identity),
    FromTheStart(Identity),
}

/// A mail as it came.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// Headers and text, with the lines' ends as they came.
    pub(crate) data: String,
    pub(crate) encrypted: bool,
    /// What `AUTH PLAIN` said.
    pub(crate) login: Option<String>,
}

impl Mail {
    /// The six digits that stand on a line of their own.
    pub(crate) fn code(&self) -> String {
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
        self.data.lines().map(str::trim).find(is_code).unwrap().to_owned()
    }
}

/// Listens until it is dropped.
pub(crate) struct SmtpSink {
    pub(crate) address: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
    stop: Arc<AtomicBool>,
}

impl SmtpSink {
    pub(crate) fn start(encryption: Encryption) -> Self {
        Self::start_answering(encryption, &[])
    }

    /// `answers` replace those to the commands that they begin with, such as `("RCPT", "550 no such user")`.
    pub(crate) fn start_answering(encryption: Encryption, answers: &'static [(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (mails, stop) = (Arc::new(Mutex::default()), Arc::new(AtomicBool::new(false)));
        let (kept, stopped) = (Arc::clone(&mails), Arc::clone(&stop));
        let encryption = Arc::new(encryption);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let (mails, encryption) = (Arc::clone(&kept), Arc::clone(&encryption));
                std::thread::spawn(move || accept(stream.unwrap(), &encryption, answers, &mails));
            }
        });
        Self { address, mails, stop }
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }

    /// Waits until there are `n` mails, and gives the last one.
    pub(crate) fn wait_for(&self, n: usize) -> Mail {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let mails = self.mails();
            if let Some(mail) = mails.last().filter(|_| mails.len() >= n) {
                return mail.clone();
            }
            assert!(Instant::now() < deadline, "{} of {n} mails came", mails.len());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
    }
}

type Answers = &'static [(&'static str, &'static str)];

/// One connection. It ends when the other side goes, whether or not that was polite.
fn accept(stream: TcpStream, encryption: &Encryption, answers: Answers, mails: &Mutex<Vec<Mail>>) {
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let outcome = match encryption {
        Encryption::Never => converse(stream, false, false, answers, mails).map(drop),
        Encryption::FromTheStart(identity) => {
            converse(encrypted(identity, stream), false, true, answers, mails).map(drop)
        }
        Encryption::StartTls(identity) => match converse(stream, true, false, answers, mails) {
            Ok(Some(stream)) => greeted(encrypted(identity, stream), true, answers, mails).map(drop),
            outcome => outcome.map(drop),
        },
    };
    if let Err(error) = outcome {
        eprintln!("a connection to the mail server ended: {error}");
    }
}

fn encrypted(identity: &Identity, stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
    let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream)
}

/// Greets and takes mails; gives the stream back when the client asks for TLS.
fn converse<S: Read + Write>(
    mut stream: S,
    start_tls: bool,
    encrypted: bool,
    answers: Answers,
    mails: &Mutex<Vec<Mail>>,
) -> std::io::Result<Option<S>> {
    stream.write_all(b"220 sink ESMTP\r\n")?;
    let mut stream = BufReader::new(stream);
    if commands(&mut stream, start_tls, encrypted, answers, mails)? { Ok(Some(stream.into_inner())) } else { Ok(None) }
}

/// As [`converse`], after STARTTLS: there is no second greeting.
fn greeted<S: Read + Write>(
    stream: S,
    encrypted: bool,
    answers: Answers,
    mails: &Mutex<Vec<Mail>>,
) -> std::io::Result<bool> {
    commands(&mut BufReader::new(stream), false, encrypted, answers, mails)
}

/// Answers commands until the client goes, or asks for TLS (true).
fn commands<S: Read + Write>(
    stream: &mut BufReader<S>,
    start_tls: bool,
    encrypted: bool,
    answers: Answers,
    mails: &Mutex<Vec<Mail>>,
) -> std::io::Result<bool> {
    let new = || Mail { from: String::new(), to: Vec::new(), data: String::new(), encrypted, login: None };
    let mut mail = new();
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Ok(false);
        }
        let command = line.trim_end();
        let verb = command.split([' ', ':']).next().unwrap().to_ascii_uppercase();
        let replaced = answers.iter().find(|(start, _)| verb == *start).map(|(_, answer)| *answer);
        let usual = match verb.as_str() {
            "EHLO" if start_tls => "250-sink\r\n250 STARTTLS",
            "EHLO" => "250-sink\r\n250 AUTH PLAIN",
            "DATA" => "354 go on",
            "QUIT" => "221 goodbye",
            _ => "250 as you like",
        };
        let usual = match verb.as_str() {
            "AUTH" => "235 welcome",
            "STARTTLS" => "220 go on",
            _ => usual,
        };
        let answer = replaced.unwrap_or(usual);
        stream.get_mut().write_all(format!("{answer}\r\n").as_bytes())?;
        match verb.as_str() {
            "STARTTLS" => return Ok(true),
            "QUIT" => return Ok(false),
            "AUTH" => mail.login = command.split(' ').nth(2).map(str::to_owned),
            "MAIL" => mail.from = address(command),
            "RCPT" => mail.to.push(address(command)),
            "DATA" if replaced.is_none() => {
                mail.data = data(stream)?;
                let login = mail.login.clone();
                mails.lock().unwrap().push(std::mem::replace(&mut mail, Mail { login, ..new() }));
                stream.get_mut().write_all(b"250 kept\r\n")?;
            }
            _ => {}
        }
    }
}

/// The lines up to the one that is a full stop.
fn data<S: Read>(stream: &mut BufReader<S>) -> std::io::Result<String> {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

/// What stands between the angle brackets.
fn address(command: &str) -> String {
    command.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}
