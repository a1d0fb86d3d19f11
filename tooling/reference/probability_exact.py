"""Exact probability in SciPy: densities, divergences, transport and fits of @gen/probability/exact.

`python tooling/reference/probability_exact.py` (numpy, scipy, scikit-learn) writes
packages/probability/test/fixtures/exact.json.
"""

import json
from pathlib import Path

import numpy as np
from scipy import integrate, linalg, optimize, stats
from scipy.special import logsumexp

FIXTURE = Path(__file__).resolve().parents[2] / "packages/probability/test/fixtures/exact.json"
rng = np.random.default_rng(0)


def gaussian():
    mean = np.array([0.5, -1.0, 2.0])
    a = rng.normal(size=(3, 3))
    covariance = np.round(a @ a.T + 0.3 * np.eye(3), 3)
    points = np.round(rng.normal(size=(5, 3)) * 2, 3)
    p = stats.multivariate_normal(mean, covariance)
    other_mean = np.array([0.0, 0.3, 1.0])
    b = rng.normal(size=(3, 3))
    other = np.round(b @ b.T + 0.5 * np.eye(3), 3)
    q = stats.multivariate_normal(other_mean, other)
    inverse = np.linalg.inv(other)
    delta = other_mean - mean
    kl = (np.trace(inverse @ covariance) + delta @ inverse @ delta - 3
          + np.log(np.linalg.det(other) / np.linalg.det(covariance))) / 2
    # The conditional of coordinates 0 and 2 given coordinate 1, by precision matrices.
    precision = np.linalg.inv(covariance)
    keep = [0, 2]
    block = precision[np.ix_(keep, keep)]
    conditional_mean = mean[keep] - np.linalg.solve(block, precision[keep, 1] * (0.7 - mean[1]))
    return dict(
        mean=mean, covariance=covariance, points=points, logDensity=p.logpdf(points),
        score=-(points - mean) @ np.linalg.inv(covariance).T, entropy=p.entropy(),
        otherMean=other_mean, otherCovariance=other, kl=kl,
        crossEntropy=kl + p.entropy(),
        w2=np.sqrt(delta @ delta + np.trace(covariance + other - 2 * linalg.sqrtm(
            linalg.sqrtm(covariance) @ other @ linalg.sqrtm(covariance)).real)),
        conditionalMean=conditional_mean, conditionalCovariance=np.linalg.inv(block),
        otherLogDensity=q.logpdf(points),
    )


def bayes():
    """Posterior by precision (information form), another way than conditioning the joint."""
    mean, covariance = np.array([0.5, -1.0]), np.array([[1.2, 0.4], [0.4, 0.8]])
    matrix, offset, noise = np.array([[1.0, 2.0], [0.0, -1.0], [0.5, 0.5]]), np.array([0.1, 0.0, -0.2]), np.diag([0.3, 0.2, 0.5])
    noise[0, 1] = noise[1, 0] = 0.1
    y = np.array([0.4, 0.9, -0.3])
    precision = np.linalg.inv(covariance) + matrix.T @ np.linalg.inv(noise) @ matrix
    right = np.linalg.inv(covariance) @ mean + matrix.T @ np.linalg.inv(noise) @ (y - offset)
    return dict(mean=mean, covariance=covariance, matrix=matrix, offset=offset, noise=noise, y=y,
                posteriorMean=np.linalg.solve(precision, right), posteriorCovariance=np.linalg.inv(precision))


def mixture():
    means = np.array([[1.0, -1.0], [-2.0, 0.5], [0.0, 2.0]])
    covariances = np.array([[[1, 0.3], [0.3, 0.5]], [[0.4, -0.2], [-0.2, 0.9]], [[0.2, 0], [0, 0.2]]])
    weights = np.array([0.5, 0.3, 0.2])
    points = np.round(rng.normal(size=(6, 2)) * 2, 3)
    a, b = 0.6, 0.8

    def terms(at, means, covariances):
        return [np.log(w) + stats.multivariate_normal(m, c).logpdf(at)
                for w, m, c in zip(weights, means, covariances)]

    log = logsumexp(terms(points, means, covariances), axis=0)
    # E[x | a x + b z = y] by quadrature over x on a grid.
    grid = np.linspace(-8, 8, 801)
    gx, gy = np.meshgrid(grid, grid, indexing="ij")
    x = np.stack([gx.ravel(), gy.ravel()], 1)
    log_x = logsumexp(terms(x, means, covariances), axis=0)
    posterior = []
    for y in points:
        log_joint = log_x - ((y - a * x) ** 2).sum(1) / (2 * b * b)
        weight = np.exp(log_joint - log_joint.max())
        posterior.append((weight[:, None] * x).sum(0) / weight.sum())
    return dict(means=means, covariances=covariances, weights=weights, points=points, logDensity=log,
                a=a, b=b, noisedLogDensity=logsumexp(terms(points, a * means, a * a * covariances + b * b * np.eye(2)), axis=0),
                posteriorMean=np.array(posterior))


def line():
    """Divergences of a mixture and a Gaussian on the line by adaptive quadrature."""
    p = lambda x: 0.4 * stats.norm.pdf(x, -1, 0.5) + 0.6 * stats.norm.pdf(x, 1.5, 0.8)
    q = lambda x: stats.norm.pdf(x, 0.2, 1.5)
    quad = lambda f: integrate.quad(f, -12, 12, limit=500, epsabs=1e-13, epsrel=1e-12, points=[-1, 0, 1.5])[0]
    m = lambda x: (p(x) + q(x)) / 2
    xlog = lambda f, g: (lambda x: f(x) * (np.log(f(x)) - np.log(g(x))) if f(x) > 0 else 0.0)
    return dict(entropy=-quad(lambda x: p(x) * np.log(p(x)) if p(x) > 0 else 0.0),
                kl=quad(xlog(p, q)),
                jensenShannon=(quad(xlog(p, m)) + quad(xlog(q, m))) / 2,
                totalVariation=quad(lambda x: abs(p(x) - q(x))) / 2)


def transport():
    x, y = np.round(rng.normal(size=(12, 2)), 3), np.round(rng.normal(size=(12, 2)) + [1, 0], 3)
    cost = ((x[:, None] - y[None]) ** 2).sum(-1)
    rows, columns = optimize.linear_sum_assignment(cost)
    wide = np.round(rng.uniform(size=(4, 9)), 3)
    _, wide_columns = optimize.linear_sum_assignment(wide)
    u, v = np.round(rng.normal(size=7), 3), np.round(rng.normal(size=10) * 2 + 1, 3)
    epsilon = 0.5
    # Sinkhorn as a dual maximisation with a general optimiser.
    a, b = np.full(12, 1 / 12), np.full(12, 1 / 12)

    def dual(z):
        f, g = z[:12], z[12:]
        plan = np.exp((f[:, None] + g[None] - cost) / epsilon) * a[:, None] * b[None]
        return -(f @ a + g @ b - epsilon * plan.sum() + epsilon), -np.concatenate([a - plan.sum(1), b - plan.sum(0)])

    best = optimize.minimize(dual, np.zeros(24), jac=True, method="BFGS", options=dict(gtol=1e-12, maxiter=5000))
    f, g = best.x[:12], best.x[12:]
    plan = np.exp((f[:, None] + g[None] - cost) / epsilon) * a[:, None] * b[None]
    return dict(x=x, y=y, columns=columns, cost=cost[rows, columns].sum(), wide=wide, wideColumns=wide_columns,
                u=u, v=v, w1=stats.wasserstein_distance(u, v), epsilon=epsilon, plan=plan,
                sinkhornCost=(plan * cost).sum(), entropicCost=-best.fun)


def fits():
    """EM's optimum by scikit-learn, PPCA by its PCA."""
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    which = rng.integers(0, 3, size=300)
    centres = np.array([[-3.0, 0.0], [2.0, 2.0], [1.0, -3.0]])
    points = np.round(centres[which] + rng.normal(size=(300, 2)) @ np.array([[0.8, 0.2], [0.0, 0.6]]), 3)
    model = GaussianMixture(3, tol=1e-12, max_iter=1000, n_init=5, reg_covar=0, random_state=0).fit(points)
    order = np.argsort(model.means_[:, 0])
    latent = rng.normal(size=(200, 2))
    data = np.round(latent @ rng.normal(size=(2, 5)) + 0.3 * rng.normal(size=(200, 5)) + 1, 3)
    pca = PCA(2, svd_solver="full").fit(data * 1.0)
    # scikit-learn divides by n - 1; with n its eigenvalues are the maximum likelihood's.
    values = np.linalg.eigvalsh(np.cov(data.T, bias=True))[::-1]
    noise = values[2:].mean()
    w = pca.components_.T * np.sqrt(values[:2] - noise)
    covariance = w @ w.T + noise * np.eye(5)
    return dict(points=points, averageLogLikelihood=model.score(points), means=model.means_[order],
                covariances=model.covariances_[order], weights=model.weights_[order],
                data=data, noiseVariance=noise, ppcaCovariance=covariance,
                ppcaLogLikelihood=stats.multivariate_normal(data.mean(0), covariance).logpdf(data).mean())


def plain(value):
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if item is not None}
    return np.asarray(value).tolist()


FIXTURE.parent.mkdir(parents=True, exist_ok=True)
FIXTURE.write_text(json.dumps(plain(dict(
    gaussian=gaussian(), bayes=bayes(), mixture=mixture(), line=line(), transport=transport(), fits=fits()))) + "\n")
