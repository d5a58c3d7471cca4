//! What a phone reads off a poster.

/// Draws the code of a poster and reads it as a scanner would.
pub fn read_poster(svg: &str) -> String {
    let path = svg.split(" d=\"").nth(1).expect("a path").split('"').next().expect("its end");
    let corner = |module: &str| {
        let mut numbers =
            module.split_once('h').expect("a module").0.split(' ').map(|n| n.parse().expect("a number"));
        (numbers.next().expect("x"), numbers.next().expect("y"))
    };
    let dark: Vec<(usize, usize)> = path.split('M').skip(1).map(corner).collect();
    // The quiet zone is as wide on the far side as on the near one; a module is four pixels wide.
    let near = dark.iter().map(|(x, _)| *x).min().expect("a dark module");
    let modules = dark.iter().map(|(x, _)| *x).max().expect("a dark module") + 1 + near;
    let is_dark = |x: usize, y: usize| dark.contains(&(x / 4, y / 4));
    let shade = |x, y| if is_dark(x, y) { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(modules * 4, modules * 4, shade);
    let grids = image.detect_grids();
    let [grid] = grids.as_slice() else { panic!("{} codes on a poster", grids.len()) };
    grid.decode().expect("the code is readable").1
}
