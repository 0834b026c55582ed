//! The query parameters of the routes, as the document tells them. Routes read them by `params.rs`; there an empty one counts as not sent.

use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::meta::Action;

/// Types that stand for parameters: name, schema, description of each.
macro_rules! parameters {
    ($($(#[$doc:meta])* $type:ident: $($name:literal = $schema:expr, $description:literal;)+)+) => {
        $($(#[$doc])*
        pub(in crate::api) struct $type;

        impl IntoParams for $type {
            fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
                vec![$(query($name, $schema, $description)),+]
            }
        })+
    };
}

parameters! {
    /// A record must meet every one that is given.
    FilterParameters:
        "start_time" = instant(), "From when on: RFC 3339, a date (its midnight in UTC), or relative to now.";
        "end_time" = instant(), "Until before when.";
        "levels" = levels(), "Levels, separated by commas.";
        "source" = text(), "One or several sources, separated by commas.";
        "ip" = addresses(), "Addresses or CIDR blocks, separated by commas.";
        "keyword" = text(), "A part of the message, whatever the case.";
        "user_name" = text(), "One or several users, separated by commas.";
        "host" = text(), "One or several hosts, separated by commas.";
        "app" = text(), "One or several programs, separated by commas.";
        "q" = text().max_length(Some(4096)).examples(["level:error \"login failed\" -user:alice ip:10.0.0.0/8"]),
            "A query in the query language.";

    /// Which page of a list.
    PageParameters:
        "page" = whole(1, u64::from(u32::MAX)), "From 1.";
        "size" = whole(1, 1000), "How many a page has; 20 where it is not given.";
        "pageSize" = whole(1, 1000), "Another name of `size`; not both.";

    /// How a program goes on.
    CursorParameter:
        "cursor" = text(), "The `next_cursor` of the page before, instead of `page`.";

    /// The direction of a list of records.
    OrderParameter:
        "order" = one_of(["asc", "desc"]), "By time.";

    /// The number of records that match, which is counted anew with each page.
    TotalParameter:
        "total" = one_of(["true", "false", "only"]),
            "With `false` the records are not counted, which is faster; with `only` the list is empty.";

    /// What a request that sends records waits for.
    WaitParameter:
        "wait" = one_of(["durable", "searchable"]),
            "Until the records are durable (the default), or until search finds them, at most 10 seconds.";

    /// The values of a field that are counted.
    FieldParameters:
        "limit" = whole(1, 1000), "How many values; 10 where it is not given.";

    /// How an export's file looks.
    ExportParameters:
        "format" = one_of(["csv", "ndjson"]), "`csv` where it is not given.";
        "columns" = columns(), "Names of a record's fields, and `attributes.NAME`, separated by commas.";
        "gzip" = flag(), "Whether the file is packed.";
        "raw" = flag(), "Whether CSV cells stay exactly as they are stored.";

    /// How a histogram looks.
    HistogramParameters:
        "bucket" = one_of(["minute", "hour", "day"]), "The width of a bucket; `hour` where it is not given.";
        "by" = one_of(["level"]), "Splits the counts.";

    /// How many of the commonest shapes.
    PatternParameters:
        "limit" = whole(1, 1000), "How many; 50 where it is not given.";

    /// How many neighbours.
    NeighbourParameters:
        "before" = whole(0, 500), "How many before it; 20 where it is not given.";
        "after" = whole(0, 500), "How many after it; 20 where it is not given.";

    /// Which entries of the operation log.
    OperationParameters:
        "start_time" = instant(), "From when on: RFC 3339, a date (its midnight in UTC), or relative to now.";
        "end_time" = instant(), "Until before when.";
        "user_id" = whole(1, 1 << 53), "Who did it.";
        "action" = action(), "What was done.";

    /// Which sources and hosts, and in which order.
    SourceParameters:
        "source" = text(), "One or several sources, separated by commas.";
        "host" = text(), "One or several hosts, separated by commas.";
        "start_time" = instant(), "Counts only records that arrived from then on; a narrower span is cheaper.";
        "end_time" = instant(), "Counts only records that arrived before then.";
        "bytes" = flag(), "Whether the bytes of the records are counted, which reads all of them.";
        "silent_for_min" = whole(0, 3_155_760_000), "Only what has sent nothing for so many seconds.";
        "sort" = one_of(["source", "host", "records", "bytes", "first_seen", "last_seen"]), "`source` where it is not given.";
        "order" = one_of(["asc", "desc"]), "`asc` where it is not given.";

    /// Which jobs.
    JobParameters:
        "status" = one_of(["queued", "processing", "completed", "failed", "cancelled"]), "Where they are.";

    /// How much is asked of the daemon's health.
    HealthParameters:
        "ready" = flag(), "Only whether it takes records in.";
        "live" = flag(), "Only whether the process answers.";

    /// What lines are, where they do not say it.
    LineParameters:
        "source" = text().max_length(Some(128)), "The source of records that name none; at most 128 bytes.";
        "format" = one_of(logseal_parsers::Format::ALL.iter().map(|format| format.as_str())),
            "How lines are read; `json` where it is not given. Also a format of the configuration's `[formats]`, by its name.";
        "multiline" = one_of(logseal_parsers::multiline::Rule::ALL.iter().map(|rule| rule.as_str())),
            "Which lines belong to one record; `none` where it is not given. With any other rule the body is read as a whole file.";
        // No `maxLength`: that counts characters, and what is bounded is bytes.
        "header" = text(), "The lines of a table's header, where the body goes on below it; at most 16 KiB.";
}

fn query(name: &str, schema: impl Into<RefOr<Schema>>, description: &str) -> Parameter {
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query);
    parameter.description(Some(description)).schema(Some(schema)).build()
}

/// The field whose values are counted: the one parameter that must be there.
pub(in crate::api) struct FieldName;

impl ToSchema for FieldName {}

impl PartialSchema for FieldName {
    fn schema() -> RefOr<Schema> {
        let names = "level|source|host|app|user_name|ip|format|parse_error|origin|msg_id";
        RefOr::T(
            text()
                .pattern(Some(format!("^({names}|attributes\\.[A-Za-z0-9_.@-]{{1,100}})$")))
                .examples(["host"])
                .into(),
        )
    }
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String))
}

/// Text that counts as not sent.
fn empty() -> ObjectBuilder {
    text().max_length(Some(0))
}

fn one_of(words: impl IntoIterator<Item = &'static str>) -> Schema {
    text().enum_values(Some(words.into_iter().chain([""]))).into()
}

fn pattern(pattern: &str, example: &str) -> Schema {
    text().pattern(Some(format!("^({pattern})?$"))).examples([example]).into()
}

fn whole(min: u64, max: u64) -> Schema {
    let number = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer));
    AnyOfBuilder::new().item(number.minimum(Some(min)).maximum(Some(max))).item(empty()).into()
}

fn action() -> Schema {
    // All names that the operation log has.
    let mut schema = Action::schema();
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        object.enum_values.get_or_insert_default().push("".into());
    }
    match schema {
        RefOr::T(schema) => schema,
        RefOr::Ref(_) => text().into(),
    }
}

/// A time as all filters take it.
fn instant() -> Schema {
    let of_format = |format| text().format(Some(SchemaFormat::KnownFormat(format)));
    let relative = text().pattern(Some("^(now(-[1-9][0-9]{0,3}[smhd])?)?$"));
    AnyOfBuilder::new()
        .item(of_format(KnownFormat::DateTime).pattern(Some("^[12][0-9]{3}-")).examples(["2026-11-20T10:20:30Z"]))
        .item(of_format(KnownFormat::Date).pattern(Some("^[12][0-9]{3}-")).examples(["2026-11-20"]))
        .item(relative.examples(["now-1h"]))
        .into()
}

fn levels() -> Schema {
    let level = "(TRACE|DEBUG|INFO|WARN|ERROR|FATAL|UNKNOWN)";
    pattern(&format!("{level}(,{level})*"), "ERROR,WARN")
}

fn addresses() -> Schema {
    let byte = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    let v4 = format!("{byte}(\\.{byte}){{3}}(/([12]?[0-9]|3[0-2]))?");
    let v6 = "[0-9a-f]{1,4}(:[0-9a-f]{1,4}){7}(/([1-9]?[0-9]|1[01][0-9]|12[0-8]))?|[0-9a-f]{0,4}::[0-9a-f]{0,4}";
    let one = format!("({v4}|{v6})");
    pattern(&format!("{one}(,{one})*"), "10.0.0.0/8,2001:db8::1")
}

fn columns() -> Schema {
    let field =
        "timestamp|received_at|level|source|host|app|proc_id|msg_id|ip|user_name|message|raw_data|severity|facility";
    let one = format!("({field}|attributes\\.[A-Za-z0-9_.@-]{{1,100}})");
    pattern(&format!("{one}(,{one})*"), "timestamp,host,message")
}

fn flag() -> Schema {
    one_of(["true", "false", "1", "0"])
}
