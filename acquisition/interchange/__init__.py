"""What comes in and goes out: DICOM import, label tables, Parquet."""
