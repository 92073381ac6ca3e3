"""The report: tables, figures and one page, rebuilt from what is on disk, finished or not."""

from disbench.report.build import missing_runs, write_report, write_reports

__all__ = ["missing_runs", "write_report", "write_reports"]
