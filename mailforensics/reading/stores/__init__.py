"""Event stores: logs of any size as Parquet by host and day, read anew only where they grew."""
