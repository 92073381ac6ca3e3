"""Disentanglement metrics as named protocols: functions of codes and factors, nothing else."""
