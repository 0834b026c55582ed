//! `logseal import`: sends files through the running daemon, piece by piece, and knows what was acknowledged.
//!
//! A few pieces are on their way at once; their answers are taken in order, so that "lines up to N are
//! acknowledged" is exact and the import can go on there (`--skip-lines N`). A piece that the daemon has no room
//! for is sent again, as long as `--retry-for` says. Where an answer is lost the piece is sent again
//! too, since losing records is worse than doubling them; the summary then says how many may be stored twice.

mod records;
mod send;
mod summary;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use logseal_parsers::Format;
use logseal_parsers::multiline::Rule;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::records::RecordCutter;
use self::send::{Sender, Sent};
use self::summary::Summary;
use super::client::Api;
use super::lines::Lines;
use super::pieces::{Cutter, Piece};
use super::progress::{Progress, bytes, count, duration};
use super::{Daemon, INTERRUPTED, input};
use crate::printing::{print, remark};

/// Pieces that wait for their answers.
const IN_FLIGHT_MAX: usize = 3;
/// Pieces that are read ahead.
const READ_AHEAD: usize = 1;
/// How long an interrupted import waits for the answers to what it has sent.
const LAST_ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// The arguments of `logseal import`.
#[derive(Debug, Args)]
#[command(after_help = "Lines are sent in pieces of up to 4 MiB. \
    Exit codes: 0 every line is acknowledged; 1 the import stopped before its end, or the daemon \
    was not there; 2 wrong usage; 130 interrupted. Where it stopped, it says with which --skip-lines it goes on.")]
pub struct ImportArgs {
    #[command(flatten)]
    pub(super) daemon: Daemon,
    /// The name under which the records are filed.
    #[arg(long, value_name = "NAME", default_value = "import")]
    source: String,
    /// How the lines are to be read: auto, or a format by its name (docs/formats, or `[formats]` of the daemon's configuration).
    #[arg(long, value_name = "NAME", default_value = "auto")]
    format: String,
    /// Which lines belong to one record: none, or a rule by its name (docs/formats/multiline.md). [default: auto; none for a format of the daemon's configuration]
    #[arg(long, value_name = "RULE")]
    multiline: Option<Rule>,
    /// Leave out this many lines at the begin: those that an earlier run says are acknowledged.
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip_lines: u64,
    /// How long to go on trying while the daemon has no room or is away.
    #[arg(long, value_name = "SPAN", default_value = "10m", value_parser = duration)]
    retry_for: Duration,
    /// The files, plain or packed with gzip, zstd, bzip2 or xz; `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// What the reading thread hands over.
type Read = anyhow::Result<Piece>;

/// Runs the command.
///
/// # Errors
/// Where the daemon is not there at the start. What goes wrong later is part of the summary.
pub(super) async fn run(args: ImportArgs) -> anyhow::Result<ExitCode> {
    let api = Api::of(&args.daemon)?;
    // A daemon that is not there is told at once, and not after ten minutes of trying.
    api.get_bytes("/api/v1/health", &[("live", "true".to_owned())], "").await?;
    // One listener for the whole run: a new one for each wait would miss what comes in between.
    let mut interrupts = signal(SignalKind::interrupt()).context("listen for Ctrl-C")?;
    let stop = CancellationToken::new();
    let rule = rule(&args)?;
    let sender = Sender::new(&api, &args.source, &args.format, rule, args.retry_for, stop.clone());
    let read_bytes = Arc::new(AtomicU64::new(0));
    let total_bytes = args.files.iter().map(|file| input::size_bytes(file)).sum::<Option<u64>>();
    let (to_sender, pieces) = mpsc::channel(READ_AHEAD);
    let reading = {
        let (files, read_bytes) = (args.files.clone(), Arc::clone(&read_bytes));
        let format = header_format(&args.format);
        let cutting = match rule {
            Rule::None => Cutting::Lines(Cutter::new(args.skip_lines, format)),
            _ => Cutting::Records(RecordCutter::new(args.skip_lines, format, rule)),
        };
        std::thread::Builder::new()
            .name("import-reader".to_owned())
            .spawn(move || read_files(&files, cutting, &read_bytes, &to_sender))
            .context("start the reading thread")?
    };
    let mut import = Import {
        sender,
        stop,
        summary: Summary::new(args.skip_lines),
        progress: Progress::new(total_bytes),
        read_bytes,
    };
    let is_interrupted = import.drive(pieces, &mut interrupts).await;
    import.progress.clear();
    // An interrupted reader may wait for standard input; it ends with the process.
    if !is_interrupted && reading.join().is_err() {
        import.summary.stopped_because("the reading thread failed".to_owned());
    }
    let is_done = import.summary.is_complete() && !is_interrupted;
    let text = import.summary.text(import.progress.seconds(), is_interrupted);
    match print(&text) {
        Err(error) if is_done => return Err(error.into()),
        // It says where to go on, which must not be lost.
        Err(_) => remark(text),
        Ok(()) => {}
    }
    Ok(match (is_interrupted, import.summary.is_complete()) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::FAILURE,
    })
}

/// How files are cut into pieces.
enum Cutting {
    /// Each line is a record.
    Lines(Cutter),
    /// Lines that belong together are one.
    Records(RecordCutter),
}

/// The rule by which lines are joined. What a format of the daemon's own says of where its records begin is not known here.
fn rule(args: &ImportArgs) -> anyhow::Result<Rule> {
    let is_known = args.format.parse::<Format>().is_ok();
    match args.multiline {
        Some(Rule::Auto) if !is_known => bail!(
            "{} is a format of the daemon's configuration, where its records begin is known to the daemon only: name a rule, or upload the file (POST /api/v1/logs/upload)",
            args.format
        ),
        Some(rule) => Ok(rule),
        None if is_known => Ok(Rule::Auto),
        None => Ok(Rule::None),
    }
}

/// The format by which headers are known; one of the daemon's own formats has none.
pub(super) fn header_format(name: &str) -> Format {
    name.parse().unwrap_or(Format::Plain)
}

/// Cuts all files into pieces until the end or until nobody takes them.
fn read_files(files: &[PathBuf], mut cutting: Cutting, read_bytes: &AtomicU64, to_sender: &mpsc::Sender<Read>) {
    for file in files {
        if let Err(error) = read_file(file, &mut cutting, read_bytes, to_sender) {
            // The receiver is gone only where the import has stopped: nobody needs the error then.
            drop(to_sender.blocking_send(Err(error)));
            return;
        }
    }
}

fn read_file(
    file: &std::path::Path,
    cutting: &mut Cutting,
    read_bytes: &AtomicU64,
    to_sender: &mpsc::Sender<Read>,
) -> anyhow::Result<()> {
    let mut input = input::open(file)?;
    if input.is_event_log().with_context(|| format!("read {}", input::name(file)))? {
        bail!(
            "{} is a binary event log of Windows, which has no lines: upload it (POST /api/v1/logs/upload)",
            input::name(file)
        );
    }
    let before = read_bytes.load(Ordering::Relaxed);
    let from_file = input.read_bytes;
    // False where nobody takes any more.
    let mut give = |piece| {
        read_bytes.store(before + from_file.load(Ordering::Relaxed), Ordering::Relaxed);
        to_sender.blocking_send(Ok(piece)).is_ok()
    };
    let reading = || format!("read {}", input::name(file));
    match cutting {
        Cutting::Lines(cutter) => {
            let mut lines = Lines::new(input.reader);
            while let Some(piece) = cutter.next_piece(&mut lines).with_context(reading)? {
                if !give(piece) {
                    break;
                }
            }
            cutter.next_stream();
            Ok(())
        }
        Cutting::Records(cutter) => cutter.cut(&mut input.reader, &mut give).with_context(reading),
    }
}

/// A running import.
struct Import {
    sender: Sender,
    /// Set when no more is to be sent.
    stop: CancellationToken,
    summary: Summary,
    progress: Progress,
    read_bytes: Arc<AtomicU64>,
}

impl Import {
    /// Sends pieces and takes answers to the end, the first failure, or Ctrl-C; says whether it was the last.
    async fn drive(&mut self, mut pieces: mpsc::Receiver<Read>, interrupts: &mut Signal) -> bool {
        let mut in_flight = FuturesOrdered::new();
        let mut has_more = true;
        let mut is_interrupted = false;
        let mut give_up: Option<Instant> = None;
        while has_more || !in_flight.is_empty() {
            let deadline = give_up.unwrap_or_else(Instant::now);
            // All branches are cancel-safe: pieces stay in the channel, and answers in the queue, until they are taken.
            tokio::select! {
                biased;
                interrupt = interrupts.recv() => {
                    if is_interrupted || interrupt.is_none() {
                        break;
                    }
                    is_interrupted = true;
                    give_up = Some(Instant::now() + LAST_ANSWERS_WITHIN);
                    self.stop.cancel();
                    has_more = false;
                }
                Some(sent) = in_flight.next(), if !in_flight.is_empty() => self.take(sent),
                piece = pieces.recv(), if has_more && in_flight.len() < IN_FLIGHT_MAX => match piece {
                    Some(Ok(piece)) => in_flight.push_back(self.sender.send(piece)),
                    Some(Err(error)) => {
                        self.summary.stopped_because(format!("{error:#}"));
                        has_more = false;
                    }
                    None => has_more = false,
                },
                () = tokio::time::sleep_until(deadline.into()), if give_up.is_some() => break,
            }
            if self.stop.is_cancelled() {
                has_more = false;
            }
        }
        // What is still on its way may become durable or not: it is not counted as acknowledged.
        self.summary.unanswered(in_flight.len());
        is_interrupted
    }

    fn take(&mut self, sent: Sent) {
        if sent.failure.is_some() {
            self.stop.cancel();
        }
        self.summary.add(sent);
        let summary = &self.summary;
        let read = self.read_bytes.load(Ordering::Relaxed);
        self.progress.update(read, |seconds| {
            let rate = (summary.acknowledged() as f64 / seconds) as u64;
            format!("{} acknowledged, {} read, {} records/s", count(summary.acknowledged()), bytes(read), count(rate))
        });
    }
}
