# tvmtrt from its source: the steps are the README's. Its tests need no GPU.
#
#   docker build -t tvmtrt .
#   docker run --rm tvmtrt tvmtrt info
FROM debian:12
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl gcc git libc6-dev && rm -rf /var/lib/apt/lists/*
ENV CARGO_HOME=/opt/cargo RUSTUP_HOME=/opt/rustup PATH=/opt/cargo/bin:$PATH
RUN curl -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal --component clippy --component rustfmt --default-toolchain 1.95
COPY . /tvmtrt
WORKDIR /tvmtrt
RUN scripts/setup
RUN scripts/release dist
RUN tar xzf dist/tvmtrt-*.tar.gz -C /usr/local --strip-components=1 && ldconfig
RUN scripts/test
