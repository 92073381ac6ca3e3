"""Each protocol in its literal form, in plain numpy, scipy, scikit-learn and torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import literal_information as information
import literal_moments as moments
import literal_predictions as predictions
import literal_votes as votes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Literal:
    """A plain form of a metric: a table in, of a metric of several models a sequence of them.

    `work` is how many times as much the protocol does of what takes the time: where the whole
    would be minutes, the literal form does a part of it.
    """

    score: Callable[[Any], float]
    work: float = 1


LITERAL: Mapping[str, Literal] = {
    "beta_vae/locatello2019": Literal(votes.beta_vae),
    "beta_vae/higgins2017": Literal(votes.beta_vae_by_adagrad),
    "factor_vae/locatello2019": Literal(votes.factor_vae),
    "factor_vae/kim2018": Literal(votes.factor_vae_of_its_own_votes),
    "mig/locatello2019": Literal(information.mig_of_points),
    "mig/exact": Literal(information.mig),
    "mig/chen2018": Literal(information.mig_of_posterior, work=10_000 / information.N_SAMPLES),
    "dci/gbt": Literal(predictions.dci_by_boosting, work=100 / predictions.N_TREES),
    "dci/rf": Literal(predictions.dci_by_forests, work=100 / predictions.N_TREES),
    "sap/locatello2019": Literal(predictions.sap, work=10 / predictions.N_LINES),
    "sap/kumar2018": Literal(predictions.sap_by_correlation),
    "modularity/ridgeway2018": Literal(information.modularity),
    "modularity/weighted": Literal(information.weighted_modularity),
    "explicitness/ridgeway2018": Literal(predictions.explicitness),
    "irs/suter2019": Literal(moments.irs),
    "irs/maximum": Literal(moments.irs_by_maximum),
    "infomec/hsu2023": Literal(information.infomec),
    "total_correlation/locatello2019": Literal(moments.total_correlation),
    "wasserstein_correlation/locatello2019": Literal(moments.wasserstein),
    "wasserstein_correlation/normalised": Literal(moments.normalised_wasserstein),
    "pairwise_information/locatello2019": Literal(information.pairwise_information),
    "active_dimensions/burda2016": Literal(moments.active_dimensions),
    "kl/gaussian": Literal(moments.divergence),
    "udr/duan2020": Literal(predictions.udr_by_lasso),
    "udr/spearman": Literal(predictions.udr_by_rank),
}
