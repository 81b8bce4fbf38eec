// Runs a model's text: blocks are expanded, compile-time values computed, shapes inferred and checked, and each operation
// handed to the graph builder. Its parts: Elaborate (statements and calls), Evaluate (expressions), OperationCalls, Operations
// and Shortcut (the built-in operations), Ports (inputs and outputs), ClassNames, ParameterValues (defaults and -D), Training.
#pragma once

#include "frontend/Frontend.h"
#include "frontend/GraphBuilder.h"
#include "frontend/Recipe.h"
#include "frontend/Sema.h"
#include "frontend/Signatures.h"

#include <array>
#include <deque>

namespace skip::frontend {

/// A block that is being expanded, or the model.
struct Frame {
  const ast::Definition *definition = nullptr;
  Frame *caller = nullptr;
  llvm::SMRange calledAt;
  std::string path;     ///< the labels of all enclosing blocks, joined by dots
  std::string shown;    ///< as an instantiation path shows it: `layer2[0]`
  bool hasName = false; ///< some enclosing call had a label, so that `_` means something
  llvm::StringMap<Value> values;
  std::optional<Value> returned;
  unsigned depth = 0;
};

/// A call of a built-in operation with its arguments evaluated.
struct OperationCall {
  const ast::CallExpr &call;
  const OperationInfo &info;
  Frame &frame;
  llvm::SmallVector<std::optional<Value>, 6> values; ///< by parameter; absent where the default is to be taken
  llvm::SmallVector<llvm::SMRange, 6> ranges;

  mlir::Value tensor(size_t i) const { return values[i]->tensor; }
  llvm::ArrayRef<int64_t> shape(size_t i) const { return values[i]->shape(); }
  int64_t integer(size_t i) const { return values[i]->integer; }
  int64_t integerOr(size_t i, int64_t fallback) const { return values[i] ? values[i]->integer : fallback; }
  /// Of rows and of columns: one number means both.
  using Pair = std::array<int64_t, 2>;
  Pair pair(size_t i) const {
    return values[i]->isList() ? Pair{values[i]->list[0], values[i]->list[1]} : Pair{integer(i), integer(i)};
  }
  Pair pairOr(size_t i, Pair fallback) const { return values[i] ? pair(i) : fallback; }
  /// Above, left, below, right; a pair is of rows and of columns.
  using Quad = std::array<int64_t, 4>;
  Quad quadOr(size_t i, Pair fallback) const;
  double realOr(size_t i, double fallback) const { return values[i] ? values[i]->asReal() : fallback; }
  bool booleanOr(size_t i, bool fallback) const { return values[i] ? values[i]->boolean : fallback; }
  llvm::SMLoc at() const { return call.callee.range.Start; }
};

/// What a convolution is besides its input.
struct Convolution {
  int64_t channels;
  OperationCall::Pair kernel{1, 1}, stride{1, 1}, dilation{1, 1};
  OperationCall::Quad pad{};
  int64_t groups = 1;
  bool bias = false;

  /// Whether one number says each of kernel, stride and padding, and nothing else is said.
  bool isPlain() const;
};

/// Of a pooling.
struct PoolWindow {
  OperationCall::Pair kernel, stride;
  OperationCall::Quad pad;
  bool ceil;
};

struct SettingInfo;
struct TrainingScope;

class Elaborator {
public:
  Elaborator(const Program &program, Sources &sources, const UnknownNames &unknown, const Limits &limits,
             Diagnostics &diagnostics, GraphBuilder &builder)
      : program(program), sources(sources), unknown(unknown), limits(limits), diagnostics(diagnostics), builder(builder) {}

  /// Elaborates `model` into the builder. Every problem is reported.
  void run(const ast::Definition &model, llvm::ArrayRef<Define> defines);

  /// What the model's `train` statement says, if it has one.
  std::optional<Recipe> takeRecipe() { return std::move(recipe); }

private:
  struct Given {
    const Define *define;
    llvm::SMRange range; // of the value
  };
  void collectDefines(const ast::Definition &model, llvm::ArrayRef<Define> defines);
  void bindGlobals();
  void bindModelParameters(const ast::Definition &model, Frame &frame);
  Value parameterValue(const ast::Parameter &parameter, const ast::Option *setting, Frame &frame);
  Value definedValue(const ast::Parameter &parameter, const Value &fallback, Given &given);
  bool checkChoice(const ast::Parameter &parameter, const Value &value, llvm::SMRange range);
  void noteDefines(Report &report, const ast::Expr *expr, const Frame &frame);

  bool runBody(ast::Body body, Frame &frame);
  bool runStatement(const ast::Statement &statement, Frame &frame);
  bool runIf(const ast::IfStatement &statement, Frame &frame);
  bool runRequire(const ast::RequireStatement &statement, Frame &frame);
  void poisonBody(ast::Body body, Frame &frame);
  std::string interpolate(llvm::StringRef text, Frame &frame);
  Value call(const ast::CallExpr &call, const Value *piped, Frame &frame);
  Value callBlock(const ast::CallExpr &call, const ast::Definition &block, const Value *piped, Frame &frame);
  Value callRepeat(const ast::CallExpr &call, const Value *piped, Frame &frame);
  using BlockArguments = llvm::SmallVector<std::optional<Value>, 8>;
  BlockArguments evaluateArguments(const Binding &binding, const Value *piped, Frame &frame);
  Value expand(const ast::CallExpr &call, const ast::Definition &block, const BlockArguments &arguments, const Binding &binding,
               Frame &frame, std::string path, bool hasName, std::string shown);
  void bindBlockParameters(const ast::Definition &block, const BlockArguments &arguments, const Binding &binding, Frame &frame);
  bool mayExpand(const ast::CallExpr &call, const ast::Definition &block, Frame &frame);
  std::optional<std::string> pathOf(const ast::CallExpr &call, Frame &frame);

  Value evaluate(const ast::Expr *expr, Frame &frame);
  bool mayEvaluate(const ast::Expr &expr, Frame &frame);
  /// A value of the block's own or of the file; null when there is none.
  const Value *lookUp(llvm::StringRef name, const Frame &frame) const;
  Value evaluateName(const ast::NameExpr &name, Frame &frame);
  Value evaluatePipe(const ast::PipeExpr &pipe, Frame &frame);
  Value evaluateChain(const ast::ChainExpr &chain, Frame &frame);
  Value evaluateLogic(const ast::ChainExpr &chain, Frame &frame);
  Value evaluateUnary(const ast::UnaryExpr &unary, Frame &frame);
  Value evaluateList(const ast::ListExpr &list, Frame &frame);
  Value evaluateConditional(const ast::ConditionalExpr &conditional, Frame &frame);
  Value combine(const ast::Term &term, const Value &left, llvm::SMRange leftRange, const Value &right, Frame &frame);
  /// The truth of a condition; nothing when it has none, which has then been reported.
  std::optional<bool> evaluateCondition(const ast::Expr *expr, Frame &frame);
  /// A number of the given kind for the option or size called `what`.
  std::optional<Value> evaluateAs(Value::Kind kind, llvm::StringRef what, const ast::Expr *expr, Frame &frame);

  Value callOperation(const ast::CallExpr &call, const OperationInfo &info, const Value *piped, Frame &frame);
  bool checkArgument(OperationCall &op, size_t i);
  bool checkList(OperationCall &op, size_t i);
  bool needsImage(OperationCall &op, size_t i);
  bool needsVector(OperationCall &op, size_t i);
  bool isAffordable(OperationCall &op, llvm::ArrayRef<int64_t> filter, llvm::ArrayRef<int64_t> x, llvm::ArrayRef<int64_t> y);
  bool fits(llvm::ArrayRef<int64_t> shape, llvm::SMRange range, Frame &frame);
  /// The operation's full name, taken; nothing when it cannot be had, which has then been reported.
  std::optional<std::string> nameOf(OperationCall &op);
  std::optional<std::string> takeName(std::string name, llvm::SMRange range, Frame &frame);
  /// `owner.suffix` as a parameter; nothing when the name is taken.
  std::optional<mlir::Value> parameter(OperationCall &op, llvm::StringRef owner, llvm::StringRef suffix,
                                       llvm::ArrayRef<int64_t> shape, bool buffer = false);

  Value buildOperation(OperationCall &op);
  Value buildConv(OperationCall &op);
  Value wholeNumber(OperationCall &op, double rounded);
  Value buildBatchNorm(OperationCall &op);
  Value buildGroupNorm(OperationCall &op);
  Value buildLinear(OperationCall &op);
  std::optional<PoolWindow> poolWindow(OperationCall &op, OperationCall::Pair kernel, OperationCall::Pair stride);
  Value buildMaxPool(OperationCall &op);
  Value buildAvgPool(OperationCall &op);
  Value buildAdaptivePool(OperationCall &op);
  Value buildLeakyRelu(OperationCall &op);
  Value buildPrelu(OperationCall &op);
  Value buildMul(OperationCall &op);
  Value buildShift(OperationCall &op);
  Value buildConcat(OperationCall &op);
  Value buildUpsample(OperationCall &op);
  Value buildReflectPad(OperationCall &op);
  Value buildAttentionPool(OperationCall &op);
  void reportWindow(OperationCall &op, OperationCall::Pair kernel, llvm::StringRef pad, llvm::ArrayRef<int64_t> shape);
  Value buildDropout(OperationCall &op);
  Value buildPadChannels(OperationCall &op);
  Value buildTakeChannels(OperationCall &op);
  Value buildUnflatten(OperationCall &op);
  Value buildAdd(const Value &a, const Value &b, llvm::SMRange at, const std::string &name);
  Value buildShortcut(OperationCall &op);
  std::optional<int64_t> shortcutStride(OperationCall &op);
  Value zeroPadShortcut(OperationCall &op, int64_t stride);
  Value projectShortcut(OperationCall &op, int64_t stride);
  std::optional<mlir::Value> convolve(OperationCall &op, llvm::StringRef name, mlir::Value x, const Convolution &sizes);
  std::optional<mlir::Value> normalize(OperationCall &op, llvm::StringRef name, mlir::Value x, double epsilon);

  void declareInput(const ast::InputStatement &input, Frame &frame);
  void declareOutput(const ast::OutputStatement &output, Frame &frame);
  std::optional<llvm::SmallVector<int64_t, 3>> inputShape(const ast::InputStatement &input, Frame &frame);
  void inputOptions(const ast::InputStatement &input, llvm::ArrayRef<int64_t> shape, PortAttributes &attributes, Frame &frame);
  void channelList(const ast::Option &option, int64_t channels, PortAttributes &attributes, Frame &frame);
  void fitOptions(const ast::InputStatement &input, llvm::ArrayRef<int64_t> shape, PortAttributes &attributes, Frame &frame);
  int64_t pixels(const ast::Option &option, Frame &frame);
  int64_t pixels(const ast::Option &option, const ast::Expr *expr, llvm::SMRange range, Frame &frame);
  std::optional<std::pair<int64_t, int64_t>> resizeSides(const ast::Option &option, Frame &frame);
  void filterOption(const ast::Option &option, PortAttributes &attributes, Frame &frame);
  bool newPort(const ast::Identifier &name, llvm::StringRef what, Frame &frame);

  void classNames(const ast::Option &option, const Value &value, PortAttributes &attributes, Frame &frame);
  /// Null when the file holds no class names, which has then been reported.
  mlir::ArrayAttr classNamesFromFile(const ast::Identifier &wanted, Frame &frame);
  mlir::ArrayAttr readClassNames(llvm::StringRef path, const ast::Identifier &wanted, Frame &frame);

  void declareTraining(const ast::TrainStatement &train, Frame &frame);
  bool trainedOutput(const ast::TrainStatement &train, Recipe &recipe, Frame &frame);
  bool hasGradients(const ast::TrainStatement &train, Frame &frame);
  bool trainedInput(const ast::TrainStatement &train, Recipe &recipe, Frame &frame);
  /// The settings of a kind, or those at the top. `where`: what they belong to.
  void readSettings(llvm::ArrayRef<ast::Setting> settings, llvm::StringRef group, llvm::StringRef kind, llvm::SMRange where,
                    TrainingScope &scope);
  /// As evaluate(), but an error if the expression builds a part of the network.
  Value evaluateSetting(const ast::Expr *expr, Frame &frame);
  const ast::SettingValue *chosen(const ast::SettingValue *value, Frame &frame);
  /// These are false or nothing when the value could not be taken, which has then been reported.
  bool readSetting(const SettingInfo &info, const ast::SettingValue &value, TrainingScope &scope);
  bool readKind(const SettingInfo &info, const ast::SettingValue &value, TrainingScope &scope);
  std::optional<bool> readTruth(const SettingInfo &info, const ast::Expr *expr, Frame &frame);
  std::optional<double> readNumber(const SettingInfo &info, const ast::Expr *expr, Frame &frame);
  bool readFrozen(llvm::ArrayRef<ast::Identifier> prefixes, std::vector<std::string> &frozen, TrainingScope &scope);
  void checkRecipe(const ast::TrainStatement &train, TrainingScope &scope);

  /// A report that ends with the instantiation path and the places of the calls.
  Report report(diag id, llvm::SMRange range, llvm::ArrayRef<std::string> arguments, Frame &frame,
                llvm::StringRef operation = {});
  /// Ends the elaboration at a limit.
  void stop(diag id, llvm::SMRange range, std::string limit, Frame &frame);

  const Program &program;
  Sources &sources;
  const UnknownNames &unknown;
  const Limits &limits;
  Diagnostics &diagnostics;
  GraphBuilder &builder;
  Frame globals;
  llvm::StringMap<Given> given;
  llvm::StringMap<llvm::SMRange> ports;
  llvm::SmallVector<llvm::SmallVector<int64_t, 3>, 1> inputShapes; // of the model's inputs
  llvm::MapVector<llvm::StringRef, Value> outputs;                 // poison where the output has an error
  llvm::DenseMap<mlir::Operation *, std::pair<llvm::StringRef, llvm::SMRange>> withoutGradient; // their names and calls
  llvm::SMRange trainedAt;
  std::optional<Recipe> recipe;
  llvm::StringMap<mlir::ArrayAttr> classFiles; // by path
  std::deque<std::string> savedNames;          // of names that the command line gave
  unsigned steps = 0, depth = 0;
  bool sawOutput = false, stopped = false;
};

/// `path.label`, or the one that is not empty.
std::string joined(llvm::StringRef path, llvm::StringRef label);

} // namespace skip::frontend
