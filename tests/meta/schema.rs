//! Both schemas have the same tables with the same columns, of types that correspond.

use crate::harness::{Database, Raw};

/// Table, column, type, whether it may be null.
type Column = (String, String, String, bool);

async fn columns(db: &Database) -> Vec<Column> {
    let mut columns: Vec<Column> = match &db.raw {
        Raw::Sqlite(pool) => sqlx::query_as(
            "SELECT t.name, c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0 FROM sqlite_schema t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND t.name <> '_sqlx_migrations'",
        )
        .fetch_all(pool)
        .await
        .unwrap(),
        Raw::Postgres(pool) => sqlx::query_as(
            "SELECT table_name::TEXT, column_name::TEXT, data_type::TEXT, is_nullable = 'YES'
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'",
        )
        .fetch_all(pool)
        .await
        .unwrap(),
    };
    columns.sort();
    columns
}

/// What SQLite keeps in a column of this type of Postgres.
fn of_sqlite(postgres: &str) -> &'static str {
    match postgres {
        "bigint" | "boolean" | "timestamp with time zone" => "INTEGER",
        "text" | "inet" | "jsonb" => "TEXT",
        "bytea" => "BLOB",
        other => panic!("{other} has no counterpart"),
    }
}

#[tokio::test]
async fn both_schemas_have_the_same_tables_and_columns() {
    let (sqlite, postgres) = (columns(&Database::sqlite().await).await, columns(&Database::postgres().await).await);
    assert!(sqlite.len() > 50, "{sqlite:?}");
    let as_sqlite: Vec<Column> = postgres
        .into_iter()
        .map(|(table, column, kind, nullable)| (table, column, of_sqlite(&kind).to_owned(), nullable))
        .collect();
    assert_eq!(sqlite, as_sqlite);
}

#[tokio::test]
async fn both_schemas_have_the_same_indexes() {
    let (sqlite, postgres) = (Database::sqlite().await, Database::postgres().await);
    let (Raw::Sqlite(sqlite), Raw::Postgres(postgres)) = (&sqlite.raw, &postgres.raw) else { unreachable!() };
    let of_sqlite: Vec<(String, String)> = sqlx::query_as(
        "SELECT tbl_name, name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1, 2",
    )
    .fetch_all(sqlite)
    .await
    .unwrap();
    let of_postgres: Vec<(String, String)> = sqlx::query_as(
        "SELECT tablename::TEXT, indexname::TEXT FROM pg_indexes
         WHERE schemaname = 'public' AND indexdef NOT LIKE 'CREATE UNIQUE%' ORDER BY 1, 2",
    )
    .fetch_all(postgres)
    .await
    .unwrap();
    assert_eq!(of_sqlite, of_postgres);
}
