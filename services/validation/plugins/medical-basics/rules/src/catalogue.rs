//! The rules, each with the norm that it comes from.

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Should be mended.
    Warning,
    /// Must be mended before a sign-off.
    Error,
}

/// The norm that a rule comes from.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// What a lawyer would look up.
    pub citation: &'static str,
    /// ISO 3166-1 alpha-2.
    pub jurisdiction: &'static str,
    /// The day from which it holds, as YYYY-MM-DD.
    pub in_force_since: &'static str,
    /// What became of it since.
    pub status: &'static str,
}

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Such as "CRED-1".
    pub id: &'static str,
    /// One line, in Portuguese.
    pub title: &'static str,
    /// How much its findings weigh.
    pub severity: Severity,
    /// Where it comes from.
    pub source: Source,
}

/// No promised or guaranteed result.
pub static ADV_1: Rule = Rule {
    id: "ADV-1",
    title: "Nenhum resultado é prometido ou garantido",
    severity: Severity::Error,
    source: Source {
        citation: "Resolução CFM 2.336/2023, art. 11 IV",
        jurisdiction: "BR",
        in_force_since: "2024-03-11",
        status: "in force",
    },
};

/// A physician is named with registration and the word.
pub static CRED_1: Rule = Rule {
    id: "CRED-1",
    title: "Médico citado com CRM, UF e a palavra MÉDICO",
    severity: Severity::Error,
    source: Source {
        citation: "Resolução CFM 2.336/2023, art. 4",
        jurisdiction: "BR",
        in_force_since: "2024-03-11",
        status: "in force",
    },
};

/// The text says that it replaces no consultation.
pub static GOV_4: Rule = Rule {
    id: "GOV-4",
    title: "O texto avisa que não substitui a consulta médica",
    severity: Severity::Warning,
    source: Source {
        citation: "HONcode 1.6, princípio 2 (complementaridade)",
        jurisdiction: "CH",
        in_force_since: "1997-04-01",
        status: "voluntary code; its certification ended on 2022-12-15",
    },
};

/// No patient's identifier is published.
pub static PII_1: Rule = Rule {
    id: "PII-1",
    title: "Nenhum dado que identifique um paciente",
    severity: Severity::Error,
    source: Source {
        citation: "Lei 13.709/2018 (LGPD), arts. 7 e 11",
        jurisdiction: "BR",
        in_force_since: "2020-09-18",
        status: "in force",
    },
};

/// Every rule, in the order of the ids.
pub static RULES: [&Rule; 4] = [&ADV_1, &CRED_1, &GOV_4, &PII_1];
