// The syntax tree: plain structs in an arena, each with the range of text that it came from. Chains of equal precedence and
// pipelines are flat, so that depth of the tree is depth of nesting in the text, which the parser bounds.
#pragma once

#include "frontend/Lexer.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/Casting.h"

namespace skip::frontend::ast {

struct Identifier {
  llvm::StringRef text;
  llvm::SMRange range;
};

struct Expr {
  enum class Kind { Error, Integer, Real, Boolean, Name, Call, Pipe, Chain, Unary, Conditional, List };
  Kind kind;
  llvm::SMRange range;
};

template <Expr::Kind K> struct ExprOf : Expr {
  static bool classof(const Expr *expr) { return expr->kind == K; }
};

/// Text that could not be parsed: it has been reported, and whatever uses it stays quiet.
struct ErrorExpr : ExprOf<Expr::Kind::Error> {};

struct IntegerExpr : ExprOf<Expr::Kind::Integer> {
  int64_t value;
};

struct RealExpr : ExprOf<Expr::Kind::Real> {
  double value;
};

struct BooleanExpr : ExprOf<Expr::Kind::Boolean> {
  bool value;
};

struct NameExpr : ExprOf<Expr::Kind::Name> {
  llvm::StringRef name;
};

struct Argument {
  Identifier keyword; ///< empty when positional
  Expr *value;
};

/// `label: callee(arguments)`.
struct CallExpr : ExprOf<Expr::Kind::Call> {
  Identifier label; ///< empty when there is none
  bool ownName;     ///< the label is `_`, without quotes: it stands for the block's own name
  Identifier callee;
  llvm::ArrayRef<Argument> arguments;
  bool piped; ///< a stage of a pipeline: the value before it comes first
};

/// `first |> stage |> stage`.
struct PipeExpr : ExprOf<Expr::Kind::Pipe> {
  Expr *first;
  llvm::ArrayRef<CallExpr *> stages;
};

struct Term {
  TokenKind op;
  llvm::SMRange opRange;
  Expr *operand;
};

/// `first op operand op operand`, the operators of one precedence, from the left.
struct ChainExpr : ExprOf<Expr::Kind::Chain> {
  Expr *first;
  llvm::ArrayRef<Term> terms;
};

/// `-operand` or `not operand`.
struct UnaryExpr : ExprOf<Expr::Kind::Unary> {
  TokenKind op;
  Expr *operand;
};

/// `if condition then yes else no`.
struct ConditionalExpr : ExprOf<Expr::Kind::Conditional> {
  Expr *condition, *yes, *no;
};

/// `[element, element]`.
struct ListExpr : ExprOf<Expr::Kind::List> {
  llvm::ArrayRef<Expr *> elements;
};

struct Statement {
  enum class Kind { Assign, Return, Input, Output, If, Require, Error, Train };
  Kind kind;
  llvm::SMRange range; ///< from its first token to the end of what matters for messages
};

template <Statement::Kind K> struct StatementOf : Statement {
  static bool classof(const Statement *statement) { return statement->kind == K; }
};

using Body = llvm::ArrayRef<Statement *>;

/// An option of a port or an import: one value, one text, or a list of values or texts.
struct Option {
  Identifier name;
  llvm::SMRange range; ///< of the value
  bool isList = false;
  llvm::ArrayRef<Expr *> values;
  llvm::ArrayRef<Identifier> texts;
};

struct AssignStatement : StatementOf<Statement::Kind::Assign> {
  Identifier name;
  Expr *value;
};

struct ReturnStatement : StatementOf<Statement::Kind::Return> {
  Expr *value;
};

struct InputStatement : StatementOf<Statement::Kind::Input> {
  Identifier name;
  llvm::ArrayRef<Expr *> shape;
  llvm::SMRange shapeRange;
  llvm::ArrayRef<Option> options;
};

struct OutputStatement : StatementOf<Statement::Kind::Output> {
  Identifier name;
  Expr *value;
  llvm::ArrayRef<Option> options;
};

struct IfArm {
  Expr *condition;
  Body body;
};

struct IfStatement : StatementOf<Statement::Kind::If> {
  llvm::ArrayRef<IfArm> arms;
  Body otherwise;
  bool hasElse;
};

/// `require condition, "text"`; `error "text"` has no condition.
struct RequireStatement : StatementOf<Statement::Kind::Require> {
  Expr *condition;
  llvm::StringRef text;
};

struct ErrorStatement : StatementOf<Statement::Kind::Error> {
  llvm::StringRef text;
};

struct Setting;

/// The value of a setting of `train`: that of an option, a kind with settings of its own, or one of two by a condition.
struct SettingValue {
  enum class Kind { Plain, Settings, Choice };
  Kind kind;
  llvm::SMRange range;
  Option plain;                     ///< without a name
  Identifier name;                  ///< of the kind
  llvm::ArrayRef<Setting> settings; ///< of the kind
  Expr *condition;
  const SettingValue *yes, *no;
};

struct Setting {
  Identifier name;
  const SettingValue *value; ///< null when it could not be read: that has been reported
};

/// `train output { settings }`. Its range is that of its head.
struct TrainStatement : StatementOf<Statement::Kind::Train> {
  Identifier output;
  llvm::ArrayRef<Setting> settings;
  bool isBroken; ///< its head could not be read: that has been reported
};

/// A compile-time parameter of a file, a block or a model. With choices, the first is the default.
struct Parameter {
  Identifier name;
  Expr *fallback; ///< null when there is none
  llvm::ArrayRef<Identifier> choices;
};

/// A block or a model.
struct Definition {
  bool isModel;
  Identifier name;
  llvm::ArrayRef<Parameter> parameters;
  Body body;
};

struct Import {
  Identifier path; ///< the text without its quotes
  llvm::ArrayRef<Option> settings;
};

struct File {
  SourceFile source;
  std::vector<Import> imports;
  std::vector<Parameter> parameters;
  std::vector<const Definition *> definitions;
  bool broken = false; ///< a syntax error cost more than a statement, so names may be missing
};

/// Owns the nodes of any number of files.
class Arena {
public:
  template <typename T> T *make(T node) { return new (allocator.Allocate<T>()) T(node); }
  template <typename T> llvm::ArrayRef<T> copy(llvm::ArrayRef<T> items) { return items.copy(allocator); }
  llvm::StringRef save(llvm::StringRef text) { return text.copy(allocator); }

private:
  llvm::BumpPtrAllocator allocator;
};

/// Writes the file in canonical form: what `--stop-after=ast` shows. Parsing that text gives the same tree.
void print(const File &file, llvm::raw_ostream &os);

} // namespace skip::frontend::ast
