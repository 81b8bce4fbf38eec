// The syntax tree as text again: one statement a line, parentheses around every operand that is not simple.
#include "frontend/Ast.h"

#include "llvm/ADT/StringExtras.h"

#include <charconv>
#include <iterator>

using namespace skip::frontend;
using namespace skip::frontend::ast;

namespace {

class Printer {
public:
  explicit Printer(llvm::raw_ostream &os) : os(os) {}

  void printFile(const File &file);

private:
  void print(const Expr *expr);
  void printOperand(const Expr *expr);
  void printCall(const CallExpr &call);
  void printReal(double value);
  void print(const Statement &statement);
  void printBody(Body body);
  void printParameter(const Parameter &parameter);
  void printOptions(llvm::ArrayRef<Option> options);
  void printValue(const Option &option);
  void printTraining(const TrainStatement &train);
  void printSettings(llvm::ArrayRef<Setting> settings);
  void print(const SettingValue *value);
  void printText(llvm::StringRef text);
  void printLabel(const CallExpr &call);
  llvm::raw_ostream &indent() { return os.indent(2 * depth); }

  llvm::raw_ostream &os;
  unsigned depth = 0;
};

} // namespace

static llvm::StringRef spelling(TokenKind op) { return describe(op).trim('`'); }

void Printer::printFile(const File &file) {
  for (const Import &import : file.imports) {
    os << "import ";
    printText(import.path.text);
    printOptions(import.settings);
    os << '\n';
  }
  for (const Parameter &parameter : file.parameters) {
    os << "param ";
    printParameter(parameter);
    os << '\n';
  }
  for (const Definition *definition : file.definitions) {
    os << '\n' << (definition->isModel ? "model " : "block ") << definition->name.text << '(';
    llvm::interleaveComma(definition->parameters, os, [&](const Parameter &parameter) { printParameter(parameter); });
    os << ") ";
    printBody(definition->body);
    os << '\n';
  }
}

void Printer::printParameter(const Parameter &parameter) {
  os << parameter.name.text;
  if (!parameter.choices.empty()) {
    os << " = ";
    llvm::interleave(parameter.choices, os, [&](const Identifier &choice) { os << choice.text; }, " | ");
  } else if (parameter.fallback) {
    os << " = ";
    print(parameter.fallback);
  }
}

void Printer::printText(llvm::StringRef text) {
  os << '"';
  for (char c : text)
    os << (c == '"' || c == '\\' ? "\\" : "") << c;
  os << '"';
}

void Printer::printOptions(llvm::ArrayRef<Option> options) {
  if (options.empty())
    return;
  os << " {";
  llvm::interleaveComma(options, os, [&](const Option &option) {
    os << option.name.text << " = ";
    printValue(option);
  });
  os << '}';
}

void Printer::printValue(const Option &option) {
  os << (option.isList ? "[" : "");
  llvm::interleaveComma(option.texts, os, [&](const Identifier &text) { printText(text.text); });
  if (!option.texts.empty() && !option.values.empty())
    os << ", ";
  llvm::interleaveComma(option.values, os, [&](const Expr *value) { print(value); });
  os << (option.isList ? "]" : "");
}

/// One setting a line, those of a kind on its line.
void Printer::printTraining(const TrainStatement &train) {
  os << "train " << train.output.text << " {\n";
  ++depth;
  for (const Setting &setting : train.settings) {
    indent() << setting.name.text << " = ";
    print(setting.value);
    os << '\n';
  }
  --depth;
  indent() << '}';
}

void Printer::printSettings(llvm::ArrayRef<Setting> settings) {
  os << '{';
  llvm::interleaveComma(settings, os, [&](const Setting &setting) {
    os << setting.name.text << " = ";
    print(setting.value);
  });
  os << '}';
}

void Printer::print(const SettingValue *value) {
  switch (value->kind) {
  case SettingValue::Kind::Plain:
    return printValue(value->plain);
  case SettingValue::Kind::Settings:
    os << value->name.text << ' ';
    return printSettings(value->settings);
  case SettingValue::Kind::Choice:
    os << "if ";
    printOperand(value->condition);
    os << " then ";
    print(value->yes);
    os << " else ";
    return print(value->no);
  }
}

void Printer::printBody(Body body) {
  os << "{\n";
  ++depth;
  for (const Statement *statement : body) {
    indent();
    print(*statement);
    os << '\n';
  }
  --depth;
  indent() << '}';
}

void Printer::print(const Statement &statement) {
  switch (statement.kind) {
  case Statement::Kind::Assign:
    os << llvm::cast<AssignStatement>(&statement)->name.text << " = ";
    return print(llvm::cast<AssignStatement>(&statement)->value);
  case Statement::Kind::Return:
    os << "return ";
    return print(llvm::cast<ReturnStatement>(&statement)->value);
  case Statement::Kind::Input: {
    const auto &input = *llvm::cast<InputStatement>(&statement);
    os << "input " << input.name.text << '[';
    llvm::interleaveComma(input.shape, os, [&](const Expr *size) { print(size); });
    os << ']';
    return printOptions(input.options);
  }
  case Statement::Kind::Output: {
    const auto &output = *llvm::cast<OutputStatement>(&statement);
    os << "output " << output.name.text << " = ";
    print(output.value);
    return printOptions(output.options);
  }
  case Statement::Kind::If: {
    const auto &choice = *llvm::cast<IfStatement>(&statement);
    for (const IfArm &arm : choice.arms) {
      os << (&arm == choice.arms.begin() ? "if " : " else if ");
      print(arm.condition);
      os << ' ';
      printBody(arm.body);
    }
    if (!choice.hasElse)
      return;
    os << " else ";
    return printBody(choice.otherwise);
  }
  case Statement::Kind::Require:
    os << "require ";
    print(llvm::cast<RequireStatement>(&statement)->condition);
    os << ", ";
    return printText(llvm::cast<RequireStatement>(&statement)->text);
  case Statement::Kind::Error:
    os << "error ";
    return printText(llvm::cast<ErrorStatement>(&statement)->text);
  case Statement::Kind::Train:
    return printTraining(*llvm::cast<TrainStatement>(&statement));
  }
}

/// The shortest digits that read back as the same double; the point or exponent keeps it from reading as a whole number.
void Printer::printReal(double value) {
  char buffer[32];
  llvm::StringRef text(buffer, std::to_chars(buffer, std::end(buffer), value).ptr - buffer);
  os << text << (text.find_first_of(".e") == llvm::StringRef::npos ? ".0" : "");
}

void Printer::print(const Expr *expr) {
  switch (expr->kind) {
  case Expr::Kind::Error:
    os << "<error>";
    return;
  case Expr::Kind::Integer:
    os << llvm::cast<IntegerExpr>(expr)->value;
    return;
  case Expr::Kind::Real:
    return printReal(llvm::cast<RealExpr>(expr)->value);
  case Expr::Kind::Boolean:
    os << (llvm::cast<BooleanExpr>(expr)->value ? "true" : "false");
    return;
  case Expr::Kind::Name:
    os << llvm::cast<NameExpr>(expr)->name;
    return;
  case Expr::Kind::Call:
    return printCall(*llvm::cast<CallExpr>(expr));
  case Expr::Kind::Pipe: {
    const auto &pipe = *llvm::cast<PipeExpr>(expr);
    printOperand(pipe.first);
    for (const CallExpr *stage : pipe.stages) {
      os << " |> ";
      printCall(*stage);
    }
    return;
  }
  case Expr::Kind::Chain: {
    const auto &chain = *llvm::cast<ChainExpr>(expr);
    printOperand(chain.first);
    for (const Term &term : chain.terms) {
      os << ' ' << spelling(term.op) << ' ';
      printOperand(term.operand);
    }
    return;
  }
  case Expr::Kind::Unary: {
    const auto &unary = *llvm::cast<UnaryExpr>(expr);
    os << spelling(unary.op) << (unary.op == TokenKind::Not ? " " : "");
    return printOperand(unary.operand);
  }
  case Expr::Kind::Conditional: {
    const auto &conditional = *llvm::cast<ConditionalExpr>(expr);
    os << "if ";
    printOperand(conditional.condition);
    os << " then ";
    printOperand(conditional.yes);
    os << " else ";
    return printOperand(conditional.no);
  }
  case Expr::Kind::List:
    os << '[';
    llvm::interleaveComma(llvm::cast<ListExpr>(expr)->elements, os, [&](const Expr *element) { print(element); });
    os << ']';
    return;
  }
}

void Printer::printOperand(const Expr *expr) {
  bool simple = expr->kind != Expr::Kind::Pipe && expr->kind != Expr::Kind::Chain && expr->kind != Expr::Kind::Unary &&
                expr->kind != Expr::Kind::Conditional;
  os << (simple ? "" : "(");
  print(expr);
  os << (simple ? "" : ")");
}

/// Without quotes where its parts are names or numbers.
void Printer::printLabel(const CallExpr &call) {
  llvm::StringRef label = call.label.text;
  llvm::SmallVector<llvm::StringRef> parts;
  label.split(parts, '.');
  auto isPlain = [](llvm::StringRef part) {
    bool isName = !part.empty() && !llvm::isDigit(part.front()) &&
                  llvm::all_of(part, [](char c) { return llvm::isAlnum(c) || c == '_'; });
    return isName || (!part.empty() && llvm::all_of(part, llvm::isDigit));
  };
  bool isQuoted = label == "_" && !call.ownName;
  if (llvm::all_of(parts, isPlain) && !isQuoted)
    os << label;
  else
    printText(label);
  os << ": ";
}

void Printer::printCall(const CallExpr &call) {
  if (!call.label.text.empty())
    printLabel(call);
  os << call.callee.text;
  if (call.piped && call.arguments.empty())
    return;
  os << '(';
  llvm::interleaveComma(call.arguments, os, [&](const Argument &argument) {
    if (!argument.keyword.text.empty())
      os << argument.keyword.text << " = ";
    print(argument.value);
  });
  os << ')';
}

void skip::frontend::ast::print(const File &file, llvm::raw_ostream &os) { Printer(os).printFile(file); }
