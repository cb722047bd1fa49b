"""Apache Spark as a target: tables as snapshots of Parquet in a warehouse folder, one version visible at a time.

Called through `open_target`. PySpark is an extra of the distribution and is imported only here.
"""
