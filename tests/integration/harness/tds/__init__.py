"""SQL Server's protocol, as far as clients can tell: written from [MS-TDS], it answers from SQLite."""
