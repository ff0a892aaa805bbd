# tvmtrt from its source: the steps are the README's. The image has what is installed, and nothing of the build.
#
#   docker build -t tvmtrt .
#   docker run --rm tvmtrt tvmtrt info        # with NVIDIA's container toolkit: --gpus all; TensorRT is yours to add (docs/install-tensorrt.md)
#   docker build --target test .              # all the tests; they need no GPU
FROM debian:12 AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates cmake curl gcc git libc6-dev make && rm -rf /var/lib/apt/lists/*
ENV CARGO_HOME=/opt/cargo RUSTUP_HOME=/opt/rustup PATH=/opt/cargo/bin:$PATH
RUN curl -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal --component clippy --component rustfmt --default-toolchain 1.95
COPY . /tvmtrt
WORKDIR /tvmtrt
RUN scripts/release dist
RUN mkdir /installed && tar xzf dist/tvmtrt-*.tar.gz -C /installed --strip-components=1

FROM build AS test
RUN scripts/test && rm -rf target build

FROM debian:12
COPY --from=build /installed /usr/local
RUN ldconfig
