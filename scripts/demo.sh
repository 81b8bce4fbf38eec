#!/usr/bin/env bash
# Compiles ResNet-20 for CIFAR-10 with its trained checkpoint to a library, links a C program with it, and classifies ten pictures.
#   scripts/demo.sh BUILD_FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
skipc=${1:-build/release}/bin/skipc
out=build/demo

show() {
  echo "\$ $*"
  "$@"
}

show "$skipc" build models/cifar_resnet.skip -D depth=20 --weights models/checkpoints/cifar10-resnet20.safetensors --name resnet20 -o "$out"
show "${CC:-cc}" -O2 -I "$out" models/demo/classify.c "$out/libresnet20.a" -lpng -lm -lpthread -o "$out/classify"
show "$out/classify" models/demo/*.png
