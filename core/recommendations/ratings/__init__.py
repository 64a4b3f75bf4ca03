"""Models that predict what somebody would rate: each predicts for a history, as all models here do."""
