from yamlmodel.errors import ConfigError, Problem, dotted


def test_a_problem_is_one_line_with_its_place_and_path() -> None:
    problem = Problem("a.yaml", 3, 7, "operators.x.accounts[0].rate", 'found "10"; expected a rate')
    assert str(problem) == 'a.yaml:3:7: operators.x.accounts[0].rate: found "10"; expected a rate'


def test_a_file_that_cannot_be_read_has_no_line() -> None:
    assert str(Problem("a.yaml", 0, 0, "", "no such file")) == "a.yaml: no such file"


def test_an_error_has_a_line_for_every_problem() -> None:
    error = ConfigError(Problem("a", 1, 1, "", "one"), Problem("a", 2, 1, "b", "two"))
    assert str(error) == "a:1:1: one\na:2:1: b: two"
    assert [problem.message for problem in error.problems] == ["one", "two"]


def test_paths_are_written_as_people_write_them() -> None:
    assert dotted(()) == ""
    assert dotted(("operators", "beeline-kz", "accounts", 0, "rate")) == "operators.beeline-kz.accounts[0].rate"
    assert dotted((0, "a")) == "[0].a"
