//! Settings: flag before environment before file before default. Unknown keys are errors everywhere.

use crate::journal::tool::Tool;
use clap::Parser;
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Prefix of the environment variables.
pub const ENV_PREFIX: &str = "FARFIELD_RELAY_";
/// Most shards that one relay runs.
pub const MAX_SHARDS: usize = 64;

/// How long a new link may take to say hello.
pub const HELLO_WITHIN: Duration = Duration::from_secs(5);

/// The Farfield relay: brings a studio's sound to the people who are far away.
#[derive(Debug, Parser)]
#[command(name = "farfield-relay", version, after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// Something other than running a relay
    #[command(subcommand)]
    pub tool: Option<Tool>,
    /// Folder for keys and the database; made at the first start [default: farfield-data]
    #[arg(long, value_name = "DIR", env = "FARFIELD_RELAY_DATA")]
    pub data: Option<PathBuf>,
    /// Where to serve the page, the API and signalling (TCP); port 0 chooses one [default: 0.0.0.0:8080]
    #[arg(long, value_name = "ADDR:PORT", env = "FARFIELD_RELAY_HTTP")]
    pub http: Option<SocketAddr>,
    /// Where to receive and send media (UDP); port 0 chooses one [default: 0.0.0.0:40000]
    #[arg(long, value_name = "ADDR:PORT", env = "FARFIELD_RELAY_MEDIA")]
    pub media: Option<SocketAddr>,
    /// Media threads, each with its own port after the first [default: 1]
    #[arg(long, value_name = "N", env = "FARFIELD_RELAY_SHARDS")]
    pub shards: Option<usize>,
    /// Address that clients reach the media ports at, when it is not the one they are bound to
    #[arg(long, value_name = "IP", env = "FARFIELD_RELAY_ADVERTISE")]
    pub advertise: Option<IpAddr>,
    /// How people reach the relay, for invitation links and the origin check, with scheme and host
    #[arg(long, value_name = "URL", env = "FARFIELD_RELAY_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// What to log on stderr: error, warn, info, debug, trace, or a filter such as relay=debug
    #[arg(long, value_name = "FILTER", env = "FARFIELD_RELAY_LOG")]
    pub log: Option<String>,
    /// TOML file with any of the settings above
    #[arg(long, value_name = "FILE", env = "FARFIELD_RELAY_CONFIG")]
    pub config: Option<PathBuf>,
    /// Print the settings in force as TOML and exit
    #[arg(long)]
    pub print_config: bool,
    /// First line on stdout is one JSON object with the addresses; logs are JSON too
    #[arg(long)]
    pub json: bool,
}

const AFTER_HELP: &str = "\
A flag goes before its environment variable, that before the file, that before the default.\n\
The first start makes DATA/owner.key, which `farfield session new --owner-key` needs.\n\
SIGTERM and SIGINT close every link and end the relay.\n\
People must reach both ports from outside: open them in the firewall, the second for UDP.";

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Config {
    /// Folder for keys and the database.
    pub data: PathBuf,
    /// Where HTTP is served.
    pub http: SocketAddr,
    /// Where the first shard receives; the others follow on consecutive ports.
    pub media: SocketAddr,
    /// Media threads, 1 to [`MAX_SHARDS`].
    pub shards: usize,
    /// Address in media candidates when it is not the bound one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advertise: Option<IpAddr>,
    /// Scheme, host and port that people use, without a trailing slash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// Log filter.
    pub log: String,
    /// How long a new link may take to say hello. No setting for people.
    #[serde(skip)]
    pub hello_within: Duration,
}

/// The same keys, all optional, as a file has them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLayer {
    data: Option<PathBuf>,
    http: Option<SocketAddr>,
    media: Option<SocketAddr>,
    shards: Option<usize>,
    advertise: Option<IpAddr>,
    public_url: Option<String>,
    log: Option<String>,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}; check the path and its permissions")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("the configuration {path} is wrong: {why}; correct that line")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A variable with the relay's prefix that means nothing.
    #[error("there is no setting {0}; see farfield-relay --help for the environment variables")]
    UnknownVariable(String),
    /// A value outside its range.
    #[error("{0}")]
    Value(String),
}

impl Default for Config {
    fn default() -> Config {
        Config {
            data: PathBuf::from("farfield-data"),
            http: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080)),
            media: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 40_000)),
            shards: 1,
            advertise: None,
            public_url: None,
            log: "info".to_owned(),
            hello_within: HELLO_WITHIN,
        }
    }
}

impl Config {
    /// Everything on free ports of the loopback interface, for tests.
    pub fn loopback(data: impl Into<PathBuf>) -> Config {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Config { data: data.into(), http: any, media: any, ..Config::default() }
    }

    /// The settings that flags, environment (already in `cli`) and file add up to.
    ///
    /// # Errors
    /// When the file cannot be read, or anything in it or in `cli` is unknown or out of range.
    pub fn load(cli: &Cli) -> Result<Config, ConfigError> {
        let file = cli.config.as_deref().map(read_file).transpose()?.unwrap_or_default();
        let base = Config::default();
        Config {
            data: cli.data.clone().or(file.data).unwrap_or(base.data),
            http: cli.http.or(file.http).unwrap_or(base.http),
            media: cli.media.or(file.media).unwrap_or(base.media),
            shards: cli.shards.or(file.shards).unwrap_or(base.shards),
            advertise: cli.advertise.or(file.advertise),
            public_url: cli.public_url.clone().or(file.public_url),
            log: cli.log.clone().or(file.log).unwrap_or(base.log),
            hello_within: base.hello_within,
        }
        .checked()
    }

    /// The settings as a TOML file that [`Config::load`] reads back.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    fn checked(mut self) -> Result<Config, ConfigError> {
        if !(1..=MAX_SHARDS).contains(&self.shards) {
            return Err(ConfigError::Value(format!("shards is {}; choose 1 to {MAX_SHARDS}", self.shards)));
        }
        self.public_url = self.public_url.as_deref().map(check_public_url).transpose()?;
        Ok(self)
    }
}

/// Refuses variables with the relay's prefix that no setting reads.
///
/// # Errors
/// On the first such variable.
pub fn check_environment<'a>(names: impl Iterator<Item = &'a OsStr>) -> Result<(), ConfigError> {
    const KNOWN: [&str; 8] = ["DATA", "HTTP", "MEDIA", "SHARDS", "ADVERTISE", "PUBLIC_URL", "LOG", "CONFIG"];
    for name in names.filter_map(OsStr::to_str) {
        if name.strip_prefix(ENV_PREFIX).is_some_and(|key| !KNOWN.contains(&key)) {
            return Err(ConfigError::UnknownVariable(name.to_owned()));
        }
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<FileLayer, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
        let why = format!("{} (line {line})", error.message().replace('\n', " "));
        ConfigError::File { path: path.to_owned(), why }
    })
}

fn check_public_url(text: &str) -> Result<String, ConfigError> {
    let wrong = || ConfigError::Value(format!("public_url is {text:?}; write it as https://studio.example, no path"));
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !["http", "https"].contains(&url.scheme()) || !plain || !url.has_host() {
        return Err(wrong());
    }
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cli(args: &[&str]) -> Cli {
        Cli::try_parse_from([&["farfield-relay"], args].concat()).unwrap()
    }

    fn with_file(text: &str, args: &[&str]) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("relay.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(&cli(&[args, &["--config", path.to_str().unwrap()]].concat()))
    }

    #[test]
    fn a_flag_goes_before_the_file_and_that_before_the_default() {
        let config = with_file("shards = 3\nlog = \"debug\"", &["--shards", "2"]).unwrap();
        assert_eq!((config.shards, config.log.as_str()), (2, "debug"));
        assert_eq!(config.http, Config::default().http);
    }

    #[test]
    fn the_printed_settings_read_back_the_same() {
        let config =
            Config::load(&cli(&["--public-url", "https://studio.example/", "--advertise", "192.0.2.1"])).unwrap();
        assert_eq!(with_file(&config.to_toml(), &[]).unwrap(), config);
        assert_eq!(config.public_url.as_deref(), Some("https://studio.example"));
    }

    #[test]
    fn tools_have_their_own_arguments_and_leave_those_of_the_relay_alone() {
        let verify = cli(&["verify", "DATA", "--json"]);
        assert_eq!(verify.tool, Some(Tool::Verify { data: "DATA".into(), json: true }));
        assert!(!verify.json);
        let backup = Some(Tool::Backup { data: "DATA".into(), path: "COPY".into() });
        assert_eq!(cli(&["backup", "DATA", "COPY"]).tool, backup);
        let restore = Some(Tool::Restore { path: "COPY".into(), data: "DATA".into() });
        assert_eq!(cli(&["restore", "COPY", "DATA"]).tool, restore);
        assert_eq!(cli(&["--data", "verify"]).tool, None);
        let wrong: [&[&str]; 4] =
            [&["verify"], &["backup", "DATA"], &["mend", "DATA"], &["--shards", "2", "verify", "DATA"]];
        for args in wrong {
            assert!(Cli::try_parse_from([&["farfield-relay"], args].concat()).is_err(), "{args:?}");
        }
    }

    #[test]
    fn an_unknown_key_in_the_file_is_named_with_its_line() {
        let error = with_file("shards = 1\nsharts = 2", &[]).unwrap_err().to_string();
        assert!(error.contains("sharts") && error.contains("line 2"), "{error}");
    }

    #[test]
    fn the_defaults_in_the_help_are_those_in_force() {
        use clap::CommandFactory;
        let help = Cli::command().render_long_help().to_string();
        let help: Vec<&str> = help.split_whitespace().collect();
        let help = help.join(" ");
        let Config { data, http, media, shards, .. } = Config::default();
        for default in [data.display().to_string(), http.to_string(), media.to_string(), shards.to_string()] {
            assert!(help.contains(&format!("[default: {default}]")), "{default} is not in {help}");
        }
    }

    #[test]
    fn an_unknown_variable_is_named_and_a_foreign_one_is_let_be() {
        let names = ["FARFIELD_RELAY_HTTP", "PATH"].map(OsStr::new);
        assert!(check_environment(names.into_iter()).is_ok());
        let error = check_environment([OsStr::new("FARFIELD_RELAY_PORT")].into_iter()).unwrap_err();
        assert!(error.to_string().contains("FARFIELD_RELAY_PORT"));
    }

    #[test]
    fn values_out_of_range_are_refused() {
        assert!(Config::load(&cli(&["--shards", "64"])).is_ok());
        assert!(Config::load(&cli(&["--shards", "65"])).is_err());
        assert!(Config::load(&cli(&["--shards", "0"])).is_err());
        for url in ["studio.example", "ftp://studio.example", "https://studio.example/path", "https://u@studio.example"]
        {
            assert!(Config::load(&cli(&["--public-url", url])).is_err(), "{url}");
        }
    }
}
