"""Contents of files that were kept."""

ALL = ("sftp", "scp", "upload", "download")


def exported(instance, row, folder):
    to = folder / instance.name("export")
    answer = instance.ok("file", "export", row["id"], "--output", to)
    assert (answer["id"], answer["size"], answer["sha256"]) == (row["id"], row["size"], row["sha256"]), answer
    return to
