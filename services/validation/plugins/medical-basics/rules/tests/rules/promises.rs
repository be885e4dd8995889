//! ADV-1: texts that pass, fail, and nearly fail.

use crate::common::{fails, passes};

const RULE: &str = "ADV-1";

#[test]
fn a_promise_fails() {
    fails(RULE, "Garantimos resultado em 30 dias.", &["Garantimos resultado"]);
    fails(RULE, "Nossa clínica garante a cura da enxaqueca.", &["garante a cura"]);
    fails(RULE, "Prometemos o seu emagrecimento.", &["Prometemos o seu emagrecimento"]);
    fails(RULE, "Tratamento com cura garantida!", &["cura garantida"]);
    fails(RULE, "RESULTADOS TOTALMENTE GARANTIDOS", &["RESULTADOS TOTALMENTE GARANTIDOS"]);
    fails(RULE, "Um método 100% eficaz contra a dor.", &["100% eficaz"]);
    fails(RULE, "Cem por cento de sucesso.", &["cento de sucesso"]);
    fails(RULE, "Conheça o tratamento infalível.", &["tratamento infalível"]);
    fails(RULE, "Satisfação ou seu dinheiro de volta.", &["dinheiro de volta"]);
    fails(RULE, "Cura definitiva das varizes em uma sessão.", &["Cura definitiva"]);
    fails(RULE, "Estamos aqui para garantir a sua cura.", &["garantir a sua cura"]);
}

#[test]
fn a_negated_promise_passes() {
    passes(RULE, "Não garantimos resultado.");
    passes(RULE, "O tratamento é oferecido sem garantia de cura.");
    passes(RULE, "O tratamento é feito sem qualquer garantia de resultado.");
    passes(RULE, "Nenhum médico pode garantir a cura.");
    passes(RULE, "Ninguém pode prometer resultados.");
    passes(RULE, "Não há garantia de sucesso.");
    passes(RULE, "Os resultados não são garantidos.");
    passes(RULE, "Não existe método 100% eficaz.");
    passes(RULE, "Não existe tratamento que garanta a cura.");
    passes(RULE, "Não prometemos milagres.");
}

#[test]
fn a_warning_passes() {
    passes(RULE, "Desconfie de quem promete resultados rápidos.");
    passes(RULE, "É proibido ao médico prometer cura.");
    passes(RULE, "Garantir resultado é vedado pelo CFM.");
    passes(RULE, "Cuidado com promessas de cura.");
    passes(RULE, "Procure promessas de resultado e retire-as.");
    passes(RULE, "O tratamento garante a cura? Não. Ele controla os sintomas.");
}

#[test]
fn other_guarantees_pass() {
    passes(RULE, "A lei garante o acesso ao SUS.");
    passes(RULE, "O vidro fosco garante a privacidade.");
    passes(RULE, "Para garantir o sucesso do tratamento, tome os remédios no horário.");
    passes(RULE, "A cura definitiva vem com o transplante.");
    passes(RULE, "Cura definitiva do diabetes ainda não existe.");
    passes(RULE, "O tratamento de seis meses cura quase todos os casos.");
    passes(RULE, "A taxa foi de 100% em 12 pacientes.");
    passes(RULE, "O plano assegurado cobre o exame. O resultado sai amanhã.");
    passes(RULE, "Garantimos sigilo. O resultado sai em dois dias.");
}

#[test]
fn a_negation_elsewhere_does_not_save() {
    fails(RULE, "Não dói e garante resultado.", &["garante resultado"]);
    fails(RULE, "Não perca tempo, garantimos a cura.", &["garantimos a cura"]);
    fails(RULE, "Não prometemos pouco, mas garantimos resultado.", &["garantimos resultado"]);
    fails(RULE, "Sem dor e com resultado garantido.", &["resultado garantido"]);
    fails(RULE, "Não só garantimos: entregamos. Não apenas garantimos resultado.", &["garantimos resultado"]);
    fails(RULE, "O tratamento garante a cura? Sim, sempre.", &["garante a cura"]);
}

#[test]
fn markup_is_seen_through() {
    fails(
        RULE,
        "<p>Gar<strong>antimos</strong> a <em>cura</em>.</p>",
        &["Gar<strong>antimos</strong> a <em>cura"],
    );
    fails(
        RULE,
        "Garantimos&nbsp;a&nbsp;recupera&ccedil;&atilde;o.",
        &["Garantimos&nbsp;a&nbsp;recupera&ccedil;&atilde;o"],
    );
    fails(RULE, "Garantimos a recuperac\u{327}a\u{303}o.", &["Garantimos a recuperac\u{327}a\u{303}o"]);
    passes(
        RULE,
        "<!-- wp:paragraph {\"note\":\"garantimos cura\"} --><p title=\"cura garantida\">Texto.</p>",
    );
    passes(RULE, "<script>var s = 'cura garantida';</script><p>Texto.</p>");
    passes(RULE, "<p>Sempre garantimos</p><p>resultado do exame em casa</p>");
}
