from tests.make import house


def test_the_map_is_that_of_the_code():
    """Else: python -m tests.make.house"""
    assert house.OUT.read_text("utf-8") == house.house()
