//! The real rsyslogd, and how tests run programs that `tests/setup.sh` installs.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::app::{signal, wait_until};

/// A program that `tests/setup.sh` installs.
pub(crate) fn command(name: &str) -> Command {
    let folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"];
    let found = folders.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists());
    let path = found.unwrap_or_else(|| panic!("{name} is not installed: run tests/setup.sh"));
    let mut command = Command::new(path);
    // Stamps of RFC 3164 are local time, and the listeners' zone is UTC.
    command.env("TZ", "UTC");
    command
}

pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// rsyslogd itself only complains, and then never sends.
pub(crate) fn assert_rsyslog_has(module: &str) {
    let mut folders = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path().join("rsyslog"));
    assert!(
        folders.any(|folder| folder.join(module).exists()),
        "rsyslog's {module} is not installed: run tests/setup.sh"
    );
}

/// A running rsyslogd of its own, that forwards what is logged to its socket.
pub(crate) struct Rsyslog {
    child: Child,
    dir: tempfile::TempDir,
}

impl Rsyslog {
    /// `forward` are the parameters of omfwd, `global` those of the process.
    pub(crate) fn forwarding(forward: &str, global: &str) -> Self {
        Self::start(global, &format!("action(type=\"omfwd\" target=\"127.0.0.1\" {forward})"))
    }

    /// `rules` say what becomes of what is logged.
    pub(crate) fn start(global: &str, rules: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().display();
        let config = format!(
            "global(workDirectory=\"{path}\" localHostname=\"edge7\" processInternalMessages=\"on\" {global})\n\
             module(load=\"imuxsock\" SysSock.Use=\"off\")\n\
             input(type=\"imuxsock\" Socket=\"{path}/log\" RateLimit.Interval=\"0\")\n\
             if $programname == \"rsyslogd\" then {{ action(type=\"omfile\" file=\"{path}/own\") stop }}\n\
             {rules}\n"
        );
        let file = dir.path().join("rsyslog.conf");
        std::fs::write(&file, config).unwrap();
        let child = command("rsyslogd")
            .args(["-n", "-i"])
            .arg(dir.path().join("pid"))
            .arg("-f")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(dir.path().join("errors")).unwrap())
            .spawn()
            .unwrap();
        let rsyslog = Self { child, dir };
        wait_until("rsyslogd listens", || rsyslog.socket().exists() || panic_if_ended(&rsyslog));
        rsyslog
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    pub(crate) fn log(&self, name: &str, message: &str) {
        let mut logger = command("logger");
        logger.arg("--socket").arg(self.socket());
        run(logger.args(["--tag", name, "--priority", "auth.warning", "--id=812", message]));
    }

    /// What it says of itself.
    fn complaints(&self) -> String {
        ["errors", "own"].map(|name| std::fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()).concat()
    }
}

fn panic_if_ended(rsyslog: &Rsyslog) -> bool {
    let running = Path::new("/proc").join(rsyslog.child.id().to_string()).join("exe").exists();
    assert!(running, "rsyslogd ended: {}", rsyslog.complaints());
    false
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        signal(self.child.id(), "TERM");
        self.child.wait().unwrap();
        if std::thread::panicking() {
            eprintln!("rsyslogd said:\n{}", self.complaints());
        }
    }
}
