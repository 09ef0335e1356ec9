"""What the integration tests share: an instance, real clients, private targets, processes, recordings."""
