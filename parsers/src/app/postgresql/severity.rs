//! The words that PostgreSQL puts before a message, in the languages in which servers are most often run.

use crate::Level;

/// The words before `:  `. Those that continue the message of the line before have no level of their own.
#[rustfmt::skip]
const WORDS: [(&[&str], Level); 6] = [
    (&["LOG", "NOTICE", "INFO", "HINWEIS", "NOTIFICA", "NOTA", "СООБЩЕНИЕ", "ИНФОРМАЦИЯ", "ЗАМЕЧАНИЕ", "日志", "信息", "注意"], Level::Info),
    (&["ERROR", "FEHLER", "ERREUR", "ERRORE", "ERRO", "ОШИБКА", "错误"], Level::Error),
    (&["WARNING", "WARNUNG", "ATTENTION", "ATTENZIONE", "AVISO", "ADVERTENCIA", "ПРЕДУПРЕЖДЕНИЕ", "警告"], Level::Warn),
    (&["FATAL", "PANIC", "PANIK", "FATALE", "PANICO", "PÁNICO", "PÂNICO", "ВАЖНО", "ПАНИКА", "致命错误"], Level::Fatal),
    (&["DEBUG", "DEBUG1", "DEBUG2", "DEBUG3", "DEBUG4", "DEBUG5", "DEPURAÇÃO", "ОТЛАДКА", "调试"], Level::Debug),
    (&[
        "STATEMENT", "DETAIL", "HINT", "CONTEXT", "QUERY", "LOCATION", "BACKTRACE",
        "TIPP", "ANFRAGE", "ZUSAMMENHANG", "ORT", "ANWEISUNG",
        "DÉTAIL", "ASTUCE", "REQUÊTE", "CONTEXTE", "EMPLACEMENT", "INSTRUCTION",
        "DETALLE", "SUGERENCIA", "CONSULTA", "CONTEXTO", "UBICACIÓN", "SENTENCIA",
        "DETTAGLI", "SUGGERIMENTO", "CONTESTO", "POSIZIONE", "ISTRUZIONE",
        "DETALHE", "DICA", "LOCAL", "COMANDO",
        "ПОДРОБНОСТИ", "ПОДСКАЗКА", "ЗАПРОС", "КОНТЕКСТ", "ПОЛОЖЕНИЕ", "ОПЕРАТОР",
        "详细信息", "提示", "查询", "上下文", "位置", "语句",
    ], Level::Unknown),
];

/// What `%b` of `log_line_prefix` may stand for.
const BACKEND_TYPES: [&str; 12] = [
    "client backend",
    "autovacuum launcher",
    "autovacuum worker",
    "background worker",
    "background writer",
    "checkpointer",
    "logger",
    "postmaster",
    "startup",
    "walreceiver",
    "walsender",
    "walwriter",
];

/// The level of a word before `:  `; `None` where PostgreSQL has no such word.
pub(super) fn level(word: &str) -> Option<Level> {
    WORDS.iter().find(|(words, _)| words.contains(&word)).map(|(_, level)| *level)
}

/// Whether `text` names the kind of a server's process.
pub(super) fn is_backend_type(text: &str) -> bool {
    BACKEND_TYPES.contains(&text)
}
