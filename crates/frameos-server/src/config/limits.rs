//! How often who may ask for what: the rates, how they are written, and the classes of requests that have one each.

use super::{
    Config,
    key::{Key, Raw, Refused, Shown},
    read::string,
};

/// What a request counts as. The route table names one for each route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitClass {
    /// Everything from one address together.
    Address,
    /// Reads that have no class of their own.
    Reads,
    /// Requests that change something and have no class of their own.
    Writes,
    AgentsRegister,
    AgentVersions,
    AgentsList,
    Execute,
    /// One run by whoever follows it. Also counts as a read.
    ExecutionGet,
    Login,
    Register,
    /// What sends a mail, or takes a token from one.
    Mail,
    /// What machines send: payment providers' webhooks, and runs.
    Reports,
}

impl LimitClass {
    pub const ALL: [Self; 12] = [
        Self::Address,
        Self::Reads,
        Self::Writes,
        Self::AgentsRegister,
        Self::AgentVersions,
        Self::AgentsList,
        Self::Execute,
        Self::ExecutionGet,
        Self::Login,
        Self::Register,
        Self::Mail,
        Self::Reports,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::AgentsRegister => "agents_register",
            Self::AgentVersions => "agent_versions",
            Self::AgentsList => "agents_list",
            Self::Execute => "execute",
            Self::ExecutionGet => "execution_get",
            Self::Login => "login",
            Self::Register => "register",
            Self::Mail => "mail",
            Self::Reports => "reports",
        }
    }

    const fn default_rate(self) -> Rate {
        match self {
            Self::Address => Rate::hourly(36_000).bursting(6_000),
            Self::Reads => Rate::hourly(10_800).bursting(3_000),
            Self::Writes => Rate::hourly(3_600).bursting(600),
            Self::AgentsRegister => Rate::hourly(10),
            Self::AgentVersions => Rate::hourly(60).bursting(30),
            Self::AgentsList => Rate::hourly(1_000),
            Self::Execute => Rate::hourly(100),
            Self::ExecutionGet => Rate::hourly(500),
            Self::Login => Rate::hourly(1_200).bursting(200),
            Self::Register => Rate::hourly(600).bursting(200),
            Self::Mail => Rate::hourly(120).bursting(60),
            Self::Reports => Rate::hourly(36_000).bursting(6_000),
        }
    }
}

/// So many in so long, and how many of them may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// 0 is no limit.
    pub count: u32,
    pub seconds: u32,
    pub burst: u32,
}

const PERIODS: [(&str, u32); 4] = [("second", 1), ("minute", 60), ("hour", 3_600), ("day", 86_400)];
const MOST: u32 = 10_000_000;

impl Rate {
    pub const OFF: Self = Self { count: 0, seconds: 1, burst: 0 };

    /// `count` an hour, all of which may come at once.
    pub const fn hourly(count: u32) -> Self {
        Self { count, seconds: 3_600, burst: count }
    }

    pub const fn bursting(self, burst: u32) -> Self {
        Self { burst, ..self }
    }

    fn read(text: &str) -> Option<Self> {
        if text == "off" {
            return Some(Self::OFF);
        }
        let (rate, burst) = match text.split_once(" burst ") {
            Some((rate, burst)) => (rate, Some(burst)),
            None => (text, None),
        };
        let (count, period) = rate.split_once('/')?;
        let number = |text: &str| text.parse().ok().filter(|count| (1..=MOST).contains(count));
        let count = number(count)?;
        let (_, seconds) = PERIODS.into_iter().find(|(name, _)| *name == period)?;
        Some(Self { count, seconds, burst: burst.map_or(Some(count), number)? })
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { count, seconds, burst } = *self;
        let period = PERIODS.into_iter().find(|(_, known)| *known == seconds).map_or("", |(name, _)| name);
        match (count, burst) {
            (0, _) => f.write_str("off"),
            (count, burst) if count == burst => write!(f, "{count}/{period}"),
            (count, burst) => write!(f, "{count}/{period} burst {burst}"),
        }
    }
}

/// The limits of every class.
#[derive(Debug, Clone)]
pub struct LimitsConfig {
    pub enabled: bool,
    rates: [Rate; LimitClass::ALL.len()],
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { enabled: true, rates: LimitClass::ALL.map(LimitClass::default_rate) }
    }
}

impl LimitsConfig {
    pub fn rate(&self, class: LimitClass) -> Rate {
        self.rates[class as usize]
    }

    pub fn rate_set(&mut self, class: LimitClass, rate: Rate) {
        self.rates[class as usize] = rate;
    }
}

/// The key of the class at `CLASS` of [`LimitClass::ALL`].
pub(super) const fn rate_key<const CLASS: usize>(name: &'static str) -> Key {
    Key {
        name,
        allowed: "COUNT/PERIOD or COUNT/PERIOD burst COUNT, PERIOD being second, minute, hour or day; or off",
        set: rate_read::<CLASS>,
        show: |config| Shown::Plain(config.limits.rates[CLASS].to_string().into()),
    }
}

fn rate_read<const CLASS: usize>(config: &mut Config, raw: Raw<'_>) -> Result<(), Refused> {
    config.limits.rates[CLASS] = Rate::read(&string(raw)?).ok_or(Refused::NotAllowed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::KEYS;

    #[test]
    fn every_class_has_the_key_of_its_name() {
        let named: Vec<_> = KEYS.iter().filter_map(|key| key.name.strip_prefix("limits.")).collect();
        for class in LimitClass::ALL {
            assert!(named.contains(&class.name()), "{class:?}");
            assert_eq!(LimitClass::ALL[class as usize], class);
            let key = KEYS.iter().find(|key| key.name == format!("limits.{}", class.name())).unwrap();
            let mut config = Config::default();
            (key.set)(&mut config, Raw::Text("7/day burst 9")).unwrap();
            assert_eq!(config.limits.rate(class), Rate { count: 7, seconds: 86_400, burst: 9 }, "{class:?}");
        }
        assert_eq!(named.len(), LimitClass::ALL.len() + 1);
    }

    #[test]
    fn rates_read_as_they_are_written() {
        for text in ["10/hour", "100/minute burst 5", "1/second burst 10", "off", "36000/day"] {
            assert_eq!(Rate::read(text).unwrap().to_string(), text);
        }
        for wrong in
            ["", "10", "0/hour", "10/week", "10/hour burst", "-1/hour", "10/hour burst 0", "99999999/hour"]
        {
            assert_eq!(Rate::read(wrong), None, "{wrong}");
        }
    }
}
