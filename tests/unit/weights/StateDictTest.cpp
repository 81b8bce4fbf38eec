// Which of a PyTorch file's tensors are the network's.
#include "tests/unit/weights/ReadTorch.h"

#include <catch2/catch.hpp>

using namespace test;

TEST_CASE("the state dict is found in what scripts save, and the rest is told") {
  for (const char *holder : {"state_dict", "model", "model_state", "model_state_dict", "ema", "net", "module", "anything"}) {
    PickleText pickle;
    weights(pickle.raw("}(").text("epoch").number(3).text(holder)).text("best_acc1").tensor("FloatStorage", "0", 6, 0, {}, {});
    pickle.text("optimizer").raw("}").text("state").raw("}").number(0);
    weights(pickle, "exp_avg").raw("ss").text("args").global("argparse", "Namespace").raw(")\x81}").text("lr").raw("Nsbu");
    Read read(zipOf(pickle));
    INFO(holder << read.error);
    CHECK(read.tensors.size() == 1);
    CHECK(read.notes((std::string("under `") + holder + "`").c_str()));
    CHECK(read.notes("left out `optimizer`, `best_acc1`, `args`"));
  }
}

TEST_CASE("an optimizer's state is known by what it holds, too") {
  auto state = [](PickleText pickle) {
    pickle.raw("}(").text("param_groups").raw("]").text("state").raw("}").number(0);
    return weights(pickle, "square_avg").raw("su").bytes;
  };
  PickleText named;
  named.bytes = state(weights(named.raw("}(").text("net")).text("opt"));
  Read read(zipOf(named.raw("u")));
  CHECK(read.tensors.size() == 1);
  CHECK(read.notes("under `net`; left out `opt`"));
  PickleText alone;
  alone.bytes = state(alone);
  CHECK(Read(zipOf(alone)).says("it holds an optimizer's state, and no network"));
}

TEST_CASE("a moving average is left out, several networks are refused") {
  PickleText twin;
  weights(weights(twin.raw("}(").text("model_ema")).text("model")).raw("u");
  Read read(zipOf(twin));
  CHECK(read.notes("under `model`; left out `model_ema`"));
  PickleText params; // whatever the network is called
  weights(weights(params.raw("}(").text("params_ema")).text("params")).raw("u");
  CHECK(Read(zipOf(params)).notes("under `params`; left out `params_ema`"));
  PickleText several;
  weights(weights(several.raw("}(").text("generator")).text("critic")).raw("u");
  CHECK(Read(zipOf(several)).says("lie in several places (`generator`, `critic`)"));
}

TEST_CASE("of several networks the one is taken that is called so") {
  for (const char *name : {"state_dict", "model", "model_state", "model_state_dict", "net", "module", "ema"}) {
    PickleText pickle;
    weights(pickle.raw("}(").text("criterion"), "centers");
    weights(pickle.text(name)).text("prototypes");
    Read read(zipOf(matrix(pickle).raw("u")));
    INFO(name << read.error);
    CHECK(read.tensors == std::vector{line("w", "F32", "2,3", six)});
    std::string note = std::string("under `") + name + "`, which is called as scripts call a network; passed over ";
    CHECK(read.notes((note + "`criterion`, `prototypes`").c_str()) != read.notes((note + "`prototypes`, `criterion`").c_str()));
  }
  PickleText rivals;
  weights(weights(rivals.raw("}(").text("net"), "v").text("model")).raw("u");
  CHECK(Read(zipOf(rivals)).says("(`net`, `model`), and more than one is called as scripts call a network"));
  PickleText same; // one network that is saved twice
  weights(weights(same.raw("}(").text("net")).text("model")).raw("u");
  CHECK(Read(zipOf(same)).notes("under `net`"));
  PickleText average; // of what?
  weights(weights(average.raw("}(").text("generator")).text("ema")).raw("u");
  CHECK(Read(zipOf(average)).says("several places (`generator`, `ema`)"));
}

TEST_CASE("a part of a network does not pass for the whole") {
  PickleText around;
  weights(matrix(around.raw("}(").text("fc.weight")).text("model")).raw("u");
  CHECK(Read(zipOf(around)).says("several places (`the file itself`, `model`)"));
  PickleText inside;
  weights(matrix(inside.raw("}(").text("model").raw("}(").text("v")).text("ema")).raw("uu");
  CHECK(Read(zipOf(inside)).says("several places (`model`, `model.ema`)"));
}

TEST_CASE("a network of vectors alone is one") {
  PickleText pickle;
  pickle.raw("}(").text("w").tensor("FloatStorage", "0", 6, 0, {6}, {1}).raw("u");
  CHECK(Read(zipOf(pickle)).tensors == std::vector{line("w", "F32", "6", six)});
  PickleText number;
  number.raw("}(").text("w").tensor("FloatStorage", "0", 6, 0, {}, {}).raw("u");
  CHECK(Read(zipOf(number)).says("no dict of weights was found in it"));
}

TEST_CASE("a quantized layer's weight stands for the tuple that it lies in with its bias") {
  auto beside = [](const std::string &key) {
    PickleText pickle;
    weights(pickle, "w").bytes.pop_back(); // the dict goes on
    pickle.text(key).global("torch._utils", "_rebuild_qtensor").raw("(").storage("QInt8Storage", "1", 6);
    pickle.number(0).numbers({2, 3}).numbers({3, 1}).raw("tR").tensor("FloatStorage", "0", 6, 0, {6}, {1}).raw("\x86u");
    return Read(zipOf(pickle));
  };
  Read packed = beside("fc._packed_params._packed_params");
  CHECK(packed.tensors == std::vector{line("w", "F32", "2,3", six)});
  CHECK(packed.unreadable == std::vector<std::string>{"fc._packed_params._packed_params quantized qint8 [2,3]"});
  CHECK(beside("pair").says("lie in several places (`the file itself`, `pair`)"));
}

TEST_CASE("tensors in lists and sets may be the network's") {
  for (const char *set : {"\x8f(", "(", "]("}) { // an empty set and items, a frozenset, a list
    PickleText pickle;
    matrix(weights(pickle.raw("}(").text("body")).text("rest").raw(set));
    Read read(zipOf(pickle.raw(set[0] == '\x8f' ? "\x90" : set[0] == '(' ? "\x91" : "e").raw("u")));
    CHECK(read.says("lie in several places (`body`, `rest`)"));
  }
  PickleText old; // as protocol 2 has it
  matrix(weights(old.raw("}(").text("body")).text("rest").global("__builtin__", "set").raw("](")).raw("e\x85Ru");
  CHECK(Read(zipOf(old)).says("lie in several places (`body`, `rest`)"));
}

TEST_CASE("what is no tensor matters only where one is needed") {
  PickleText beside;
  weights(beside.raw("}(").text("a").global("os", "system").text("touch /tmp/skip-was-here").raw("\x85R").text("net")).raw("u");
  CHECK(Read(zipOf(beside)).tensors.size() == 1);
  PickleText alone;
  alone.global("os", "system").text("touch /tmp/skip-was-here").raw("\x85R");
  CHECK(Read(zipOf(alone)).says("an object of the class `os.system`"));
  PickleText storage;
  storage.raw("}(")
      .text("w")
      .global("torch._utils", "_rebuild_tensor_v2")
      .raw("(")
      .global("os", "system")
      .text("ls")
      .raw("\x85R");
  storage.number(0).numbers({2, 3}).numbers({3, 1}).raw("tR").text("v");
  matrix(storage).raw("u");
  Read read(zipOf(storage));
  CHECK(read.tensors == std::vector{line("v", "F32", "2,3", six)});
  CHECK(read.unreadable == std::vector<std::string>{"w in a `os.system` [2,3]"});
  PickleText module;
  module.raw("}(").text("model").global("nets", "Tiny").raw(")\x81}bu");
  CHECK(Read(zipOf(module)).says("which holds `model` (a `nets.Tiny`)"));
}
