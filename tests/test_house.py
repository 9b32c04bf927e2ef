from tools.make import house


def test_the_map_matches_the_code():
    """To redraw the map: python -m tools.make.house"""
    assert house.OUT.read_text("utf-8") == house.house()
