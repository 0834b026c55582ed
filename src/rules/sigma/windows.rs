//! The log sources of Windows: channels by service, and channels with event numbers by category.
//!
//! Sysmon's events have a number for each category; the start of a process is in the security log as well (4688).

use super::logsources::Source;
use super::when::When;
use super::when::When::{All, Any, Channel, Format, Has, Is};

const SYSMON: When = Channel(&["Microsoft-Windows-Sysmon/Operational"]);
const SECURITY: When = Channel(&["Security"]);
const POWERSHELL: When = Channel(&["Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational"]);
const OLD_POWERSHELL: When = Channel(&["Windows PowerShell"]);

/// A record that is a Windows event.
pub(crate) const ANY: When = Any(&[Format(&["winevent"]), Has("Channel")]);

macro_rules! sysmon {
    ($category:literal, $numbers:expr) => {
        Source::of(Some("windows"), Some($category), None, All(&[SYSMON, Is("EventID", $numbers)]), FIELDS)
    };
}

macro_rules! channel {
    ($service:literal, $channels:expr) => {
        Source::of(Some("windows"), None, Some($service), Channel($channels), FIELDS)
    };
}

/// Fields whose place differs from their name. The fields of `EventData` are attributes under their own names.
pub(crate) const FIELDS: &[(&str, &[&str])] = &[
    ("EventID", &["@msg_id", "EventID", "event_id"]),
    ("Provider_Name", &["@app", "Provider_Name", "ProviderName"]),
    ("ProviderName", &["ProviderName", "@app"]),
    ("Source", &["Source", "@app"]),
    ("Computer", &["@host"]),
    ("ComputerName", &["ComputerName", "@host"]),
    ("Channel", &["Channel", "log_name"]),
    ("Message", &["@message"]),
    ("CommandLine", &["CommandLine", "ProcessCommandLine", "process.command_line"]),
    ("Image", &["Image", "NewProcessName", "process.executable"]),
    ("NewProcessName", &["NewProcessName", "Image"]),
    ("ParentImage", &["ParentImage", "ParentProcessName", "process.parent.executable"]),
    ("ParentProcessName", &["ParentProcessName", "ParentImage"]),
    ("ParentCommandLine", &["ParentCommandLine", "process.parent.command_line"]),
    ("OriginalFileName", &["OriginalFileName", "process.pe.original_file_name"]),
    ("User", &["User", "SubjectUserName", "@user_name"]),
    ("SubjectUserName", &["SubjectUserName", "@user_name"]),
    ("TargetUserName", &["TargetUserName", "@user_name"]),
    ("ProcessId", &["ProcessId", "NewProcessId", "@proc_id"]),
    ("ParentProcessId", &["ParentProcessId"]),
    ("LogonId", &["LogonId", "SubjectLogonId"]),
    ("IntegrityLevel", &["IntegrityLevel", "MandatoryLabel"]),
    ("IpAddress", &["IpAddress", "@ip"]),
    ("SourceIp", &["SourceIp", "@ip"]),
];

/// By category: Sysmon's numbers, and those of other channels.
pub(crate) const CATEGORIES: &[Source] = &[
    Source::of(
        Some("windows"),
        Some("process_creation"),
        None,
        Any(&[All(&[SYSMON, Is("EventID", &["1"])]), All(&[SECURITY, Is("EventID", &["4688"])])]),
        FIELDS,
    ),
    sysmon!("file_change", &["2"]),
    sysmon!("network_connection", &["3"]),
    sysmon!("sysmon_status", &["4", "16"]),
    sysmon!("process_termination", &["5"]),
    sysmon!("driver_load", &["6"]),
    sysmon!("image_load", &["7"]),
    sysmon!("create_remote_thread", &["8"]),
    sysmon!("raw_access_thread", &["9"]),
    sysmon!("process_access", &["10"]),
    sysmon!("file_event", &["11"]),
    sysmon!("registry_event", &["12", "13", "14"]),
    sysmon!("registry_add", &["12"]),
    sysmon!("registry_delete", &["12"]),
    sysmon!("registry_set", &["13"]),
    sysmon!("registry_rename", &["14"]),
    sysmon!("create_stream_hash", &["15"]),
    sysmon!("pipe_created", &["17", "18"]),
    sysmon!("wmi_event", &["19", "20", "21"]),
    sysmon!("dns_query", &["22"]),
    sysmon!("file_delete", &["23", "26"]),
    sysmon!("clipboard_capture", &["24"]),
    sysmon!("process_tampering", &["25"]),
    sysmon!("file_block_executable", &["27"]),
    sysmon!("file_block_shredding", &["28"]),
    sysmon!("file_executable_detected", &["29"]),
    sysmon!("sysmon_error", &["255"]),
    Source::of(Some("windows"), Some("ps_module"), None, All(&[POWERSHELL, Is("EventID", &["4103"])]), FIELDS),
    Source::of(Some("windows"), Some("ps_script"), None, All(&[POWERSHELL, Is("EventID", &["4104"])]), FIELDS),
    Source::of(
        Some("windows"),
        Some("ps_classic_start"),
        None,
        All(&[OLD_POWERSHELL, Is("EventID", &["400"])]),
        FIELDS,
    ),
    Source::of(
        Some("windows"),
        Some("ps_classic_provider_start"),
        None,
        All(&[OLD_POWERSHELL, Is("EventID", &["600"])]),
        FIELDS,
    ),
    Source::of(
        Some("windows"),
        Some("ps_classic_script"),
        None,
        All(&[OLD_POWERSHELL, Is("EventID", &["800"])]),
        FIELDS,
    ),
];

/// By service: the channel.
pub(crate) const SERVICES: &[Source] = &[
    channel!("security", &["Security"]),
    channel!("system", &["System"]),
    channel!("application", &["Application"]),
    channel!("sysmon", &["Microsoft-Windows-Sysmon/Operational"]),
    channel!("powershell", &["Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational"]),
    channel!("powershell-classic", &["Windows PowerShell"]),
    channel!("taskscheduler", &["Microsoft-Windows-TaskScheduler/Operational"]),
    channel!("wmi", &["Microsoft-Windows-WMI-Activity/Operational"]),
    channel!("windefend", &["Microsoft-Windows-Windows Defender/Operational"]),
    channel!("firewall-as", &["Microsoft-Windows-Windows Firewall With Advanced Security/Firewall"]),
    channel!("bits-client", &["Microsoft-Windows-Bits-Client/Operational"]),
    channel!("dns-server", &["DNS Server"]),
    channel!("dns-server-audit", &["Microsoft-Windows-DNSServer/Audit"]),
    channel!("dns-server-analytic", &["Microsoft-Windows-DNS-Server/Analytical"]),
    channel!(
        "dns-client",
        &["Microsoft-Windows-DNS Client Events/Operational", "Microsoft-Windows-DNS-Client/Operational"]
    ),
    channel!("dhcp", &["Microsoft-Windows-DHCP-Server/Operational"]),
    channel!("ntlm", &["Microsoft-Windows-NTLM/Operational"]),
    channel!(
        "applocker",
        &[
            "Microsoft-Windows-AppLocker/MSI and Script",
            "Microsoft-Windows-AppLocker/EXE and DLL",
            "Microsoft-Windows-AppLocker/Packaged app-Deployment",
            "Microsoft-Windows-AppLocker/Packaged app-Execution",
        ]
    ),
    channel!("codeintegrity-operational", &["Microsoft-Windows-CodeIntegrity/Operational"]),
    channel!("printservice-admin", &["Microsoft-Windows-PrintService/Admin"]),
    channel!("printservice-operational", &["Microsoft-Windows-PrintService/Operational"]),
    channel!("smbclient-security", &["Microsoft-Windows-SmbClient/Security"]),
    channel!("smbclient-connectivity", &["Microsoft-Windows-SmbClient/Connectivity"]),
    channel!("smbserver-connectivity", &["Microsoft-Windows-SMBServer/Connectivity"]),
    channel!(
        "terminalservices-localsessionmanager",
        &["Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",]
    ),
    channel!("ldap", &["Microsoft-Windows-LDAP-Client/Debug"]),
    channel!("ldap_debug", &["Microsoft-Windows-LDAP-Client/Debug"]),
    channel!("driver-framework", &["Microsoft-Windows-DriverFrameworks-UserMode/Operational"]),
    channel!("msexchange-management", &["MSExchange Management"]),
    channel!("appxdeployment-server", &["Microsoft-Windows-AppXDeploymentServer/Operational"]),
    channel!("appxpackaging-om", &["Microsoft-Windows-AppxPackaging/Operational"]),
    channel!("appmodel-runtime", &["Microsoft-Windows-AppModel-Runtime/Admin"]),
    channel!("lsa-server", &["Microsoft-Windows-LSA/Operational"]),
    channel!(
        "certificateservicesclient-lifecycle-system",
        &["Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational",]
    ),
    channel!("capi2", &["Microsoft-Windows-CAPI2/Operational"]),
    channel!("openssh", &["OpenSSH/Operational"]),
    channel!("iis-configuration", &["Microsoft-IIS-Configuration/Operational"]),
    channel!("shell-core", &["Microsoft-Windows-Shell-Core/Operational"]),
    channel!(
        "security-mitigations",
        &["Microsoft-Windows-Security-Mitigations/Kernel Mode", "Microsoft-Windows-Security-Mitigations/User Mode",]
    ),
    channel!("diagnosis-scripted", &["Microsoft-Windows-Diagnosis-Scripted/Operational"]),
    channel!("hyper-v-worker", &["Microsoft-Windows-Hyper-V-Worker"]),
    channel!("kernel-event-tracing", &["Microsoft-Windows-Kernel-EventTracing"]),
    channel!(
        "kernel-shimengine",
        &["Microsoft-Windows-Kernel-ShimEngine/Operational", "Microsoft-Windows-Kernel-ShimEngine/Diagnostic",]
    ),
    channel!("microsoft-servicebus-client", &["Microsoft-ServiceBus-Client"]),
    channel!("vhdmp", &["Microsoft-Windows-VHDMP/Operational"]),
    channel!("sense", &["Microsoft-Windows-SENSE/Operational"]),
    Source::of(Some("windows"), None, None, ANY, FIELDS),
    // Sigma's generic antivirus rules: any record with a signature.
    Source::of(
        None,
        Some("antivirus"),
        None,
        Any(&[Has("Signature"), Has("ThreatName"), Has("virus")]),
        &[
            ("Signature", &["Signature", "ThreatName", "Threat Name", "virus"]),
            ("Filename", &["Filename", "Path", "file"]),
        ],
    ),
];
