"""What a student, a teacher or an engineer does wrong through the public interface is told in Korean, to the word."""

import re

import numpy as np
import pytest

import aescratch as ae
from aescratch.foundations.language import in_language

X = np.random.default_rng(0).random((7, 5))
LATIN = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")  # three English words


def model(**settings):
    return ae.Autoencoder([5, 3], rng=0, **settings)


def nan_in_fit(folder):
    broken = X.copy()
    broken[2, 1] = np.nan
    model().fit(broken, epochs=1)


def other_run(folder):
    path = folder / "run.ckpt"
    model().fit(X, epochs=1, rng=0, checkpoint=path)
    model().fit(X, epochs=2, rng=0, batch_size=2, checkpoint=path)


def no_checkpoint(folder):
    path = folder / "run.ckpt"
    model().save(path)
    model().fit(X, epochs=1, rng=0, checkpoint=path)


def several_features(folder):
    transformer = ae.AutoencoderTransformer(n_components=2, epochs=1, random_state=0)
    transformer.partial_fit(X).transform(X[:, :4])


CASES = {
    "an activation as text": (
        lambda folder: model(activation="relu"), TypeError,
        "activation은(는) ae.ReLU 같은 활성화 함수의 클래스이거나 그 functools.partial이어야 하는데 'relu'이다. "
        "따옴표 없이 다음처럼 쓴다: ae.ReLU",
    ),
    "a loss as a class": (
        lambda folder: model(reconstruction=ae.SquaredError), TypeError,
        "reconstruction은 ae.SquaredError() 같은 손실이어야 한다. 주어진 것: 클래스 자체. 괄호를 붙여 ae.SquaredError()라고 쓴다",
    ),
    "widths as a number": (
        lambda folder: ae.Autoencoder(5), ValueError, "입력부터 코드까지의 widths는 [64, 32] 같은 리스트여야 하는데 5이다",
    ),
    "a width of 0": (
        lambda folder: ae.Autoencoder([5, 0]), ValueError, "각 너비의 값은 1 이상인 정수여야 하는데 0이다",
    ),
    "a setting of another variant": (
        lambda folder: ae.VariationalAutoencoder([5, 3], tied=True), TypeError,
        "VariationalAutoencoder에는 tied도 code_activation도 쓸 수 없다. 그 코드는 분포의 평균이어서 활성화 함수도, "
        "묶을 가중치도 없다. 둘 다 뺀다",
    ),
    "NaN in the data": (
        nan_in_fit, ValueError, "x에는 유한한 수만 있어야 하는데 NaN이나 무한대가 1개 있다. 그 행을 빼거나 수를 바꾼다",
    ),
    "an optimizer that is none": (
        lambda folder: model().fit(X, epochs=1, optimizer="adam"), TypeError,
        "ae.Adam(1e-3) 같은 옵티마이저여야 한다. 주어진 것: 'adam'",
    ),
    "patience without validation": (
        lambda folder: model().fit(X, epochs=1, patience=2), ValueError,
        "조기 종료는 검증 손실을 쓰므로 patience에는 검증 데이터가 있어야 하는데 없다. validation=을 주거나 patience를 뺀다",
    ),
    "a schedule without epochs": (
        lambda folder: ae.AutoencoderTransformer(
            n_components=2, learning_rate=ae.CosineRate(0.1)
        ).partial_fit(X), ValueError,
        "학습률 스케줄에는 조각의 수 epochs가 있어야 하는데 None이다. epochs를 준다",
    ),
    "a checkpoint of another run": (
        other_run, ValueError,
        "바로 이 학습의 체크포인트여야 하는데 FILE은(는) 다음이 다르다: batch_size. 이어서 학습하려면 같은 인자를, "
        "처음부터 다시 학습하려면 다른 경로를 준다",
    ),
    "a model where a checkpoint should be": (
        no_checkpoint, ae.FileFormatError, "checkpoint 파일이어야 하는데 FILE에는 model이(가) 들어 있다. ae.load로 열거나 checkpoint 파일의 경로를 준다",
    ),
    "other features than fit's": (
        several_features, ValueError, "X의 특성은 4개인데 AutoencoderTransformer에는 입력 특성 5개가 필요하다",
    ),
    "backward before loss": (
        lambda folder: model().backward(), RuntimeError,
        "backward()보다 먼저 순전파를 해야 하는데, SquaredError은(는) 순전파를 한 적이 없어 x_hat을(를) 기억하지 않는다. "
        "먼저 모델의 loss(x)나 이 객체의 forward(...)를 호출한다",
    ),
    "an unknown backend": (
        lambda folder: model().to("torch"), ValueError, "backend는 \"numpy\"나, GPU에서는 \"cupy\"여야 하는데 'torch'이다",
    ),
    "an array of another library": (
        lambda folder: ae.functions.relu([1.0]), TypeError,
        "NumPy나 CuPy 가운데 한 라이브러리의 배열이어야 한다. 주어진 것: builtins.list. 먼저 ae.to_numpy(x)나 "
        "cupy.asarray(x)로 같은 곳으로 옮긴다",
    ),
    "no input for an argument": (
        lambda folder: ae.check_function(ae.functions.dense, ae.functions.dense_backward, {"x": X}), TypeError,
        "dense의 모든 인자에 입력이 있어야 한다. 빠진 것: W, b. 빠진 것을 inputs에 넣는다",
    ),
}


@pytest.mark.parametrize(("wrong", "kind", "korean"), CASES.values(), ids=CASES)
def test_a_mistake_is_told_in_korean(tmp_path, wrong, kind, korean):
    with in_language("ko"), pytest.raises(kind) as raised:
        wrong(tmp_path)
    assert re.sub(r"\S*run\.ckpt", "FILE", str(raised.value)) == korean
    again = tmp_path / "again"
    again.mkdir()
    with pytest.raises(kind) as raised:
        wrong(again)
    assert LATIN.search(str(raised.value)), "the same is English by default"


def test_a_warning_is_told_in_korean():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcde"))
    transformer = ae.AutoencoderTransformer(n_components=2, epochs=1, random_state=0).partial_fit(frame)
    with in_language("ko"), pytest.warns(UserWarning, match="^X에 특성 이름이 없는데 fit할 때는 있었다$"):
        transformer.transform(X)
