//! What a reader is told of the settings.

use serde::Serialize;
use utoipa::ToSchema;

use super::Settings;
use super::key::Key;

/// One setting with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SettingInfo {
    /// `retention_days.<source>` stands for the family, so that a reader sees that there may be more.
    pub config_key: String,
    /// The value that holds now; null for the family.
    pub config_value: Option<u32>,
    #[serde(rename = "type")]
    pub kind: SettingType,
    /// The value that holds where nothing is stored.
    pub default: u32,
    pub min: u32,
    pub max: u32,
    pub description: &'static str,
}

/// What a setting's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SettingType {
    Integer,
}

impl Settings {
    /// Every setting that has a value, and the family of those of sources.
    #[must_use]
    pub fn describe(&self, defaults: &Self) -> Vec<SettingInfo> {
        let mut all = Vec::new();
        for key in Key::all() {
            let of_sources = key.is_family().then(|| self.retention_days_by_source.keys());
            all.push(self.info(&key, defaults));
            let of_sources = of_sources.into_iter().flatten().map(|source| Key::RetentionDaysOf(source.clone()));
            all.extend(of_sources.map(|key| self.info(&key, defaults)));
        }
        all
    }

    fn info(&self, key: &Key, defaults: &Self) -> SettingInfo {
        let (min, max) = key.bounds().into_inner();
        SettingInfo {
            config_key: key.to_string(),
            config_value: key.value_in(self),
            kind: SettingType::Integer,
            // A source without a number of its own has that of all sources.
            default: key.value_in(defaults).unwrap_or(self.retention_days),
            min,
            max,
            description: key.description(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_described_with_its_value() {
        let mut settings = Settings::defaults(184);
        settings.retention_days = 30;
        settings.retention_days_by_source.insert("web.app".to_owned(), 7);
        let described = serde_json::to_value(settings.describe(&Settings::defaults(184))).unwrap();
        let short: Vec<_> = described
            .as_array()
            .unwrap()
            .iter()
            .map(|info| {
                format!("{} = {} ({})", info["config_key"].as_str().unwrap(), info["config_value"], info["default"])
            })
            .collect();
        assert_eq!(
            short,
            [
                "retention_days = 30 (184)",
                "retention_days.<source> = null (30)",
                "retention_days.web.app = 7 (30)",
                "alert_threshold_login_fail = 10 (10)",
                "alert_window_login_fail = 300 (300)",
            ]
        );
        assert_eq!(
            described[0],
            serde_json::json!({
                "config_key": "retention_days", "config_value": 30, "type": "integer", "default": 184, "min": 1, "max": 36500,
                "description": "Whole days, by arrival, that records are kept behind today.",
            })
        );
    }

    #[test]
    fn the_operators_table_lists_these_settings() {
        let mut table = String::from("| key | default | from – to | what |\n|---|---|---|---|\n");
        let defaults = Settings::defaults(184);
        for key in Key::all() {
            let info = defaults.info(&key, &defaults);
            let default = match key {
                Key::RetentionDays => "`retention.days` of the configuration, 184".to_owned(),
                key if key.is_family() => "none".to_owned(),
                _ => info.default.to_string(),
            };
            table += &format!(
                "| `{}` | {default} | {} – {} | {} |\n",
                info.config_key, info.min, info.max, info.description
            );
        }
        let operations = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/OPERATIONS.md");
        let text = std::fs::read_to_string(operations).unwrap();
        assert!(text.contains(&table), "docs/OPERATIONS.md must have\n{table}");
    }
}
